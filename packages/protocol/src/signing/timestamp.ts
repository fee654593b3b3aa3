import { typeName } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { REJECTIONS, type Rejection } from '../rejections.ts';

/**
 * How many seconds a timestamp may differ from the server's clock, in either direction, inclusive. Wire
 * protocol §2.
 */
export const WINDOW_SECONDS = 300;

const TIMESTAMP = /^(?:0|[1-9][0-9]{0,14})$/;
const MAX_TIMESTAMP = 999_999_999_999_999;

/**
 * Parses the `X-CPG-Timestamp` header: Unix seconds as digits only. Returns `undefined` for anything else (a
 * sign, space, fraction, exponent or leading zero, or more than 15 digits). Wire protocol §1.1.
 */
export const parseTimestamp = (text: string): number | undefined =>
  typeof text === 'string' && TIMESTAMP.test(text) ? Number(text) : undefined;

/**
 * Formats Unix seconds for the wire. Wire protocol §1.1.
 *
 * @throws ProtocolError `invalid_timestamp` unless given a whole number from 0 to 999999999999999.
 * Milliseconds are in that range too, and are not detected.
 */
export const formatTimestamp = (seconds: number): string => {
  assertSeconds(seconds, 'Timestamp');
  return String(seconds === 0 ? 0 : seconds);
};

/**
 * @throws ProtocolError `invalid_timestamp` as {@link formatTimestamp} does. Internal: not exported by the
 * package.
 */
export const assertSeconds = (seconds: number, name: string): void => {
  if (Number.isSafeInteger(seconds) && seconds >= 0 && seconds <= MAX_TIMESTAMP) return;
  const got = typeof seconds === 'number' ? String(seconds) : typeName(seconds);
  throw new ProtocolError(
    'invalid_timestamp',
    `${name} must be a whole number of Unix seconds from 0 to ${MAX_TIMESTAMP}: got ${got}. Use Math.floor(Date.now() / 1000).`,
  );
};

/**
 * Whether a timestamp is at most {@link WINDOW_SECONDS} from `now`, both in whole Unix seconds.
 * Wire protocol §2, restriction 1.
 *
 * @throws ProtocolError `invalid_timestamp` unless both are whole numbers from 0 to 999999999999999.
 */
export const isWithinWindow = (timestamp: number, now: number): boolean => {
  assertSeconds(timestamp, 'timestamp');
  assertSeconds(now, 'now');
  return Math.abs(timestamp - now) <= WINDOW_SECONDS;
};

/**
 * The last Unix second, inclusive, for which the server must remember that a signature was used. Wire
 * protocol §2.
 *
 * @throws ProtocolError `invalid_timestamp` unless it is a whole number from 0 to 999999999999999.
 */
export const usedUntil = (timestamp: number): number => {
  assertSeconds(timestamp, 'timestamp');
  return timestamp + WINDOW_SECONDS;
};

/**
 * Parses the timestamp header and checks that it is within the window. Wire protocol §2.1, step 5.
 *
 * @returns Unix seconds, or the rejection `timestamp_outside_window`, also for a malformed timestamp.
 * @throws ProtocolError `invalid_timestamp` unless `now` is a whole number of Unix seconds.
 */
export const checkTimestamp = (text: string, now: number): number | Rejection => {
  const timestamp = parseTimestamp(text);
  return timestamp !== undefined && isWithinWindow(timestamp, now)
    ? timestamp
    : REJECTIONS.timestamp_outside_window;
};
