import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const change = (parts: Partial<ClientParts>) => () => parts;

const stamping = (stamp: ClientParts['stamp']) => change({ stamp, maxAhead: Number.POSITIVE_INFINITY });

export const CLIENT_TIME_MUTANTS = mutants<ClientParts>('client: time', [
  ['time-milliseconds', stamping(() => Date.now()), 'client-call-ping'],
  ['time-minutes-slow', stamping((now, isUsed) => CLIENT.stamp(now - 120, isUsed)), 'client-call-ping'],
  ['time-far-ahead', stamping((now, isUsed) => CLIENT.stamp(now + 60, isUsed)), 'client-call-ping'],
  ['time-signature-repeated', stamping((now) => now), 'client-attempt-same-second'],
  [
    'time-steps-for-reads-only',
    stamping((now, isUsed, method) => (method === 'GET' ? CLIENT.stamp(now, isUsed) : now)),
    'client-attempt-same-second-post',
  ],
  [
    'time-steps-a-minute',
    stamping((now, isUsed) => (isUsed(now) ? CLIENT.stamp(now + 60, isUsed) : now)),
    'client-attempt-same-second',
  ],
  ['time-steps-for-ever', change({ maxAhead: Number.POSITIVE_INFINITY }), 'client-attempt-most-ahead'],
]);

const again = (isAgain: ClientParts['shouldRetry'], parts: Partial<ClientParts> = {}) =>
  change({ shouldRetry: isAgain, ...parts });

const afterStatus = (status: number) => again(({ response }) => response?.status === status);

const SAME_BYTES: Partial<ClientParts> = { stamp: (now) => now, backoff: 0 };

const otherBody = (): Partial<ClientParts> => {
  let count = 0;
  return {
    encodeBody: (args) => Buffer.from(JSON.stringify(args)),
    beforeSend: (request) =>
      request.body.length === 0
        ? request
        : { ...request, body: Buffer.from(`${request.body.toString()}${' '.repeat(count++)}`) },
  };
};

export const CLIENT_ATTEMPT_MUTANTS = mutants<ClientParts>('client: attempts', [
  ['again-after-400', afterStatus(400), 'client-refused-insufficient-balance'],
  ['again-after-401', afterStatus(401), 'client-refused-invalid-signature'],
  ['again-after-403', afterStatus(403), 'client-refused-permission'],
  ['again-after-404', afterStatus(404), 'client-refused-not-found'],
  ['again-after-409', afterStatus(409), 'client-refused-conflict'],
  ['again-after-422', afterStatus(422), 'client-refused-validation'],
  [
    'again-post-without-reference',
    again(({ response }) => response === undefined),
    'client-attempt-hang-up-post',
    'client-attempt-reset-post',
    'client-attempt-half-answer-post',
  ],
  [
    'again-same-signature',
    change(SAME_BYTES),
    'client-attempt-503-get',
    'client-attempt-hang-up-get',
    'client-attempt-reset-get',
    'client-attempt-half-answer-get',
  ],
  [
    'again-already-used-same-signature',
    again(({ response }) => response?.status === 401, SAME_BYTES),
    'client-attempt-already-used',
  ],
  [
    'again-other-body',
    otherBody,
    'client-attempt-503-post-reference',
    'client-attempt-hang-up-post-reference',
  ],
  [
    'follows-redirects',
    change({ followsRedirects: true }),
    'client-redirect-307-post',
    'client-redirect-301-get',
  ],
]);

const PER_IP = ['client-clock-429-per-ip-seconds', 'client-clock-429-per-ip-date'] as const;

/** A number by JavaScript's lenient rules: text without a number becomes 0 or NaN. */
const byCoercion: ClientParts['readRetryAfter'] = (text) => Number(text);

export const CLIENT_PACING_MUTANTS = mutants<ClientParts>('client: pacing', [
  [
    'pace-never-again',
    change({
      shouldRetry: (attempted) => attempted.response?.status !== 429 && CLIENT.shouldRetry(attempted),
    }),
    'client-clock-429-per-key',
    ...PER_IP,
  ],
  [
    'pace-at-once',
    change({ untilNextMinute: () => 0 }),
    'client-clock-429-per-key',
    'client-clock-429-for-ever',
  ],
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
  ['pace-for-ever', change({ maxAttempts: 50 }), 'client-clock-429-for-ever'],
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
    change({ maxPause: Number.POSITIVE_INFINITY }),
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
      maxPause: 3600,
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
      shouldRetry: (attempted) => attempted.response?.status !== 401 && CLIENT.shouldRetry(attempted),
    }),
    'client-clock-server-ahead',
    'client-clock-server-behind',
  ],
  [
    'clock-corrected-for-ever',
    change({
      maxAttempts: 50,
      shouldRetry: (attempted) => attempted.timestampRejections > 0 || CLIENT.shouldRetry(attempted),
    }),
    'client-clock-hopeless',
  ],
  [
    'clock-same-bytes-again',
    change({ offsetBy: () => 0, stamp: (now) => now }),
    'client-clock-hopeless',
    'client-clock-server-ahead',
  ],
  [
    'clock-learnt-from-success',
    change({ learnsFrom: (response) => response.status === 200 || CLIENT.learnsFrom(response) }),
    'client-clock-not-from-success',
  ],
  [
    'clock-corrected-once-for-ever',
    () => {
      let isKnown = false;
      return {
        learnsFrom: (response) => {
          const isFirst = !isKnown && CLIENT.learnsFrom(response);
          isKnown ||= isFirst;
          return isFirst;
        },
      };
    },
    'client-clock-offset-corrected',
    'client-clock-offset-dropped',
  ],
  [
    'clock-offset-kept-without-date',
    change({ learnsFrom: (response) => CLIENT.learnsFrom(response) && response.headers.date !== undefined }),
    'client-clock-offset-dropped',
  ],
  [
    'pace-header-names-in-one-case',
    change({
      findRetryAfter: ({ rawHeaders }) => {
        const at = rawHeaders.indexOf('Retry-After');
        return at === -1 ? undefined : rawHeaders[at + 1];
      },
    }),
    'client-clock-429-lower-case',
  ],
  ['clock-learnt-from-anyone', change({ learnsFrom: () => true }), 'client-clock-not-from-5xx'],
  [
    'clock-forgotten',
    () => {
      // The offset learnt from a rejected attempt lasts until the call ends.
      let known = false;
      return {
        learnsFrom: (response) => {
          const wasKnown = known;
          known = CLIENT.learnsFrom(response);
          return wasKnown || known;
        },
        offsetBy: (date, now) => (known ? date - now : 0),
      };
    },
    'client-clock-kept',
  ],
]);
