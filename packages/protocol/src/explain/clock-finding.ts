import { isWithinWindow, parseTimestamp, WINDOW_SECONDS } from '../timestamp.ts';
import type { Finding } from './mistake.ts';

/** The codes of what can be wrong although the signature is right. */
export type ClockCode = 'timestamp_malformed' | 'timestamp_in_milliseconds' | 'timestamp_stale';

/** What is wrong with the timestamp of a request whose signature is right. Contract §1.1 and §2. */
export const findClockFault = (timestamp: string, now: number): Finding<ClockCode>[] => {
  const seconds = parseTimestamp(timestamp);
  if (seconds === undefined) {
    return [
      {
        code: 'timestamp_malformed',
        message:
          'The signature is right, but X-CPG-Timestamp is not written as Unix seconds: digits only, without sign, space, fraction or leading zero.',
      },
    ];
  }
  if (isWithinWindow(seconds, now)) return [];
  if (isWithinWindow(Math.floor(seconds / 1000), now)) {
    return [
      {
        code: 'timestamp_in_milliseconds',
        message:
          'The signature is right, but X-CPG-Timestamp carries milliseconds: send Unix seconds, Math.floor(Date.now() / 1000).',
      },
    ];
  }
  const distance = Math.abs(seconds - now);
  return [
    {
      code: 'timestamp_stale',
      message: `The signature is right, but the timestamp is ${distance} seconds ${seconds < now ? 'behind' : 'ahead of'} the server's clock, and ${WINDOW_SECONDS} are allowed: set the clock, and sign each attempt anew.`,
    },
  ];
};
