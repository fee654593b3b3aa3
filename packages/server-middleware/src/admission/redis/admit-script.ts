import { createHash } from 'node:crypto';

/**
 * `admit` as one atomic step. KEYS: the signature, the minute's counter (same hash tag, so same cluster slot).
 * ARGV: claim, milliseconds to remember the signature, limit, milliseconds to keep the counter.
 * Returns 0 admitted, 1 replayed, 2 rate-limited. A claim that is already stored is this very attempt, whose reply was lost.
 *
 * Redis does not roll back a script, so the order matters: a claim is stored last, and proves that the request was counted.
 * The first write stores the counter as it was, which proves the right to SET; out of memory, read-only and disk errors
 * stop a script at its first write only. The error names the command that failed, because Redis 7.0 does not.
 */
export const ADMIT_SCRIPT = `
local function failed(reply) return type(reply) == 'table' and reply['err'] end
local function failure(command, reply) return redis.error_reply(reply['err'] .. ' [' .. command .. ']') end

local holder = redis.pcall('GET', KEYS[1])
if failed(holder) then return failure('get', holder) end
if holder == ARGV[1] then return 0 end
if holder then return 1 end

local count = redis.pcall('GET', KEYS[2])
if failed(count) then return failure('get', count) end
count = count or '0'
if not string.match(count, '^%d+$') then return redis.error_reply('ERR the rate counter is not a whole number') end
if tonumber(count) >= tonumber(ARGV[3]) then return 2 end

local kept = redis.pcall('SET', KEYS[2], count, 'PX', ARGV[4])
if failed(kept) then return failure('set', kept) end
local counted = redis.pcall('INCR', KEYS[2])
if failed(counted) then return failure('incr', counted) end
local claimed = redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if failed(claimed) then return failure('set', claimed) end
return 0
`;

/** The name by which Redis knows the script once it has seen it. */
export const ADMIT_SCRIPT_SHA1 = createHash('sha1').update(ADMIT_SCRIPT).digest('hex');
