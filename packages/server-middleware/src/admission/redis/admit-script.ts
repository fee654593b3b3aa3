import { createHash } from 'node:crypto';

/**
 * `admit` as one atomic step. KEYS: the signature, the minute's counter (same hash tag, so same cluster slot).
 * ARGV: claim, milliseconds to remember the signature, limit, milliseconds to keep the counter.
 * Answers 0 admitted, 1 replayed, 2 rate-limited. A claim that is there already is this very attempt, whose reply was lost.
 */
export const ADMIT_SCRIPT = `
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then return 0 end
if holder then return 1 end
local admitted = tonumber(redis.call('GET', KEYS[2]) or '0')
if admitted >= tonumber(ARGV[3]) then return 2 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('INCR', KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 0
`;

/** The name by which Redis knows the script once it has seen it. */
export const ADMIT_SCRIPT_SHA1 = createHash('sha1').update(ADMIT_SCRIPT).digest('hex');
