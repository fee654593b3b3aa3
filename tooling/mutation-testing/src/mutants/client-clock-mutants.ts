import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const change = (parts: Partial<ClientParts>) => () => parts;

const PER_IP = ['client-clock-429-per-ip-seconds', 'client-clock-429-per-ip-date'] as const;

/** A number by JavaScript's lenient rules: none at all becomes 0 or NaN. */
const byCoercion: ClientParts['readRetryAfter'] = (text) => Number(text);

export const CLIENT_PACING_MUTANTS = mutants<ClientParts>('client: pacing', [
  [
    'pace-never-again',
    change({ sendsAgain: (attempted) => attempted.answer?.status !== 429 && CLIENT.sendsAgain(attempted) }),
    'client-clock-429-per-key',
    ...PER_IP,
  ],
  [
    'pace-at-once',
    change({ untilNextMinute: () => 0 }),
    'client-clock-429-per-key',
    'client-clock-429-for-ever',
  ],
  ['pace-a-minute-from-now', change({ untilNextMinute: () => 60 }), 'client-clock-429-per-key'],
  ['pace-a-second', change({ untilNextMinute: () => 1 }), 'client-clock-429-per-key'],
  [
    'pace-a-second-early',
    change({ untilNextMinute: (now) => CLIENT.untilNextMinute(now) - 1 }),
    'client-clock-429-per-key',
  ],
  [
    'pace-a-minute-late',
    change({ untilNextMinute: (now) => CLIENT.untilNextMinute(now) + 60 }),
    'client-clock-429-per-key',
  ],
  ['pace-for-ever', change({ mostAttempts: 50 }), 'client-clock-429-for-ever'],
  [
    'pace-retry-after-ignored',
    change({ readRetryAfter: (_text, now) => CLIENT.untilNextMinute(now) }),
    ...PER_IP,
  ],
  [
    'pace-retry-after-in-milliseconds',
    change({ readRetryAfter: (text, now) => (CLIENT.readRetryAfter(text, now) ?? 0) / 1000 }),
    ...PER_IP,
  ],
  [
    'pace-retry-after-without-dates',
    change({ readRetryAfter: (text) => (/^[0-9]+$/.test(text) ? Number(text) : undefined) }),
    'client-clock-429-per-ip-date',
  ],
  [
    'pace-retry-after-without-cap',
    change({ longestPause: Number.POSITIVE_INFINITY }),
    'client-clock-retry-after-huge',
  ],
  [
    'pace-retry-after-by-coercion',
    change({ readRetryAfter: byCoercion }),
    'client-clock-retry-after-negative',
    'client-clock-retry-after-garbage',
    'client-clock-retry-after-empty',
  ],
  [
    'pace-retry-after-garbage-for-ever',
    change({
      readRetryAfter: (text, now) => CLIENT.readRetryAfter(text, now) ?? 3600,
      longestPause: 3600,
    }),
    'client-clock-retry-after-garbage',
  ],
]);

export const CLIENT_CLOCK_MUTANTS = mutants<ClientParts>('client: clock', [
  [
    'clock-never-corrected',
    change({ learnsFrom: () => false }),
    'client-clock-server-ahead',
    'client-clock-server-behind',
  ],
  [
    'clock-corrected-the-wrong-way',
    change({ offsetBy: (date, now) => now - date }),
    'client-clock-server-ahead',
    'client-clock-server-behind',
  ],
  [
    'clock-only-forward',
    change({ offsetBy: (date, now) => Math.max(0, date - now) }),
    'client-clock-server-behind',
  ],
  [
    'clock-only-backward',
    change({ offsetBy: (date, now) => Math.min(0, date - now) }),
    'client-clock-server-ahead',
  ],
  [
    'clock-corrected-by-a-fifth',
    change({ offsetBy: (date, now) => Math.trunc((date - now) / 5) }),
    'client-clock-server-ahead',
  ],
  [
    'clock-refused-is-the-end',
    change({
      sendsAgain: (attempted) => attempted.answer?.status !== 401 && CLIENT.sendsAgain(attempted),
    }),
    'client-clock-server-ahead',
    'client-clock-server-behind',
  ],
  [
    'clock-corrected-for-ever',
    change({
      mostAttempts: 50,
      sendsAgain: (attempted) => attempted.refusedForTime > 0 || CLIENT.sendsAgain(attempted),
    }),
    'client-clock-hopeless',
  ],
  [
    'clock-same-bytes-again',
    change({ offsetBy: () => 0, stamp: (now) => now }),
    'client-clock-hopeless',
    'client-clock-server-ahead',
  ],
  ['clock-learnt-from-anyone', change({ learnsFrom: () => true }), 'client-clock-not-from-5xx'],
  [
    'clock-forgotten',
    () => {
      // The clock of a refused attempt is known until the call ends; the next one starts from nothing.
      let known = false;
      return {
        learnsFrom: (answer) => {
          const wasKnown = known;
          known = CLIENT.learnsFrom(answer);
          return wasKnown || known;
        },
        offsetBy: (date, now) => (known ? date - now : 0),
      };
    },
    'client-clock-kept',
  ],
]);
