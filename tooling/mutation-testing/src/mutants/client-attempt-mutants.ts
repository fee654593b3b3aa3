import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const change = (parts: Partial<ClientParts>) => () => parts;

const stamping = (stamp: ClientParts['stamp']) => change({ stamp, mostAhead: Number.POSITIVE_INFINITY });

export const CLIENT_TIME_MUTANTS = mutants<ClientParts>('client: time', [
  ['time-milliseconds', stamping(() => Date.now()), 'client-call-ping'],
  ['time-minutes-slow', stamping((now, isUsed) => CLIENT.stamp(now - 120, isUsed)), 'client-call-ping'],
  ['time-far-ahead', stamping((now, isUsed) => CLIENT.stamp(now + 60, isUsed)), 'client-call-ping'],
  ['time-signature-repeated', stamping((now) => now), 'client-attempt-same-second'],
  [
    'time-steps-a-minute',
    stamping((now, isUsed) => (isUsed(now) ? CLIENT.stamp(now + 60, isUsed) : now)),
    'client-attempt-same-second',
  ],
  ['time-steps-for-ever', change({ mostAhead: Number.POSITIVE_INFINITY }), 'client-attempt-most-ahead'],
]);

const again = (isAgain: ClientParts['sendsAgain'], parts: Partial<ClientParts> = {}) =>
  change({ sendsAgain: isAgain, ...parts });

const afterStatus = (status: number) => again(({ answer }) => answer?.status === status);

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
    again(({ answer }) => answer === undefined),
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
    again(({ answer }) => answer?.status === 401, SAME_BYTES),
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
