import { ServerMiddlewareError } from '../../errors.ts';
import type { Admission } from '../admission-store.ts';
import { createScript } from './redis-client.ts';

/**
 * `admit` as one atomic step. KEYS: the signature, then the minute's counters, of the key and perhaps of the route (same hash
 * tag, so same cluster slot). ARGV: claim, milliseconds to remember the signature, milliseconds to keep a counter, the
 * deadline in milliseconds of the clock of Redis, then the limit of each counter. Returns a decision (0 admitted, 1 replayed, 2 rate-limited, 3 late, 4 failed), that clock, and the
 * error of a failed step. When its own claim is already stored, the reply of an earlier attempt was lost.
 *
 * A script that runs after its deadline writes nothing: the request was already rejected with 503. Redis runs it late after
 * a pause, and a client may send it again on a new connection.
 *
 * Redis does not roll back a script, so the order matters: the claim is stored last, after the request was counted. The first
 * write stores the counter unchanged: out of memory, read-only and disk errors stop a script at its first write only, and so
 * does a missing right to SET. The error names the command that failed, because Redis 7.0 does not.
 */
export const ADMIT_SCRIPT = createScript(`
local now = 0
local function failed(reply) return type(reply) == 'table' and reply['err'] end
local function failure(command, reply) return {4, now, reply['err'] .. ' [' .. command .. ']'} end

local time = redis.pcall('TIME')
if failed(time) then return failure('time', time) end
now = time[1] * 1000 + math.floor(time[2] / 1000)

local holder = redis.pcall('GET', KEYS[1])
if failed(holder) then return failure('get', holder) end
if holder == ARGV[1] then return {0, now} end
if holder then return {1, now} end
if now > tonumber(ARGV[4]) then return {3, now} end

local counts = {}
for index = 2, #KEYS do
  local count = redis.pcall('GET', KEYS[index])
  if failed(count) then return failure('get', count) end
  count = count or '0'
  if not string.match(count, '^%d+$') then return {4, now, 'ERR the rate counter is not a whole number'} end
  if tonumber(count) >= tonumber(ARGV[index + 3]) then return {2, now} end
  counts[index] = count
end

for index = 2, #KEYS do
  local kept = redis.pcall('SET', KEYS[index], counts[index], 'PX', ARGV[3])
  if failed(kept) then return failure('set', kept) end
  local counted = redis.pcall('INCR', KEYS[index])
  if failed(counted) then return failure('incr', counted) end
end
local claimed = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if failed(claimed) then return failure('set', claimed) end
return {0, now}
`);

const DECISIONS = new Map<string, Admission | 'late' | 'failed'>([
  ['0', 'admitted'],
  ['1', 'replayed'],
  ['2', 'rate_limited'],
  ['3', 'late'],
  ['4', 'failed'],
]);

interface AdmitReply {
  readonly decision: Admission | 'late';
  /** The clock of Redis when the script ran, in whole milliseconds. */
  readonly redisMs: number;
}

/** Reads what {@link ADMIT_SCRIPT} returned; throws the error of a failed step, which begins with a code as every error reply. */
export const readAdmitReply = (reply: unknown): AdmitReply => {
  const [code, time, error] = Array.isArray(reply) ? reply : [];
  const decision = DECISIONS.get(String(code));
  const redisMs = Number(time);
  if (decision === 'failed') throw new Error(String(error));
  if (decision === undefined || !Number.isFinite(redisMs)) {
    throw new ServerMiddlewareError(
      'store_unavailable',
      `The admit script returned ${String(reply)}, which is no decision.`,
    );
  }
  return { decision, redisMs };
};
