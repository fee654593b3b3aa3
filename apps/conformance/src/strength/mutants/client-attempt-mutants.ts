import { CLIENT, type ClientParts } from '../reference/client-parts.ts';
import { mutants } from './mutant.ts';

const resend = (change: Partial<ClientParts>) => () => change;

export const CLIENT_TIME_MUTANTS = mutants<ClientParts>('client: time', [
  ['time-milliseconds', resend({ stamp: () => Date.now() }), 'client-call-ping'],
  [
    'time-minutes-slow',
    resend({ stamp: (now, isUsed) => CLIENT.stamp(now - 120, isUsed) }),
    'client-call-ping',
  ],
  ['time-far-ahead', resend({ stamp: (now, isUsed) => CLIENT.stamp(now + 60, isUsed) }), 'client-call-ping'],
  ['time-signature-repeated', resend({ stamp: (now) => now }), 'client-attempt-same-second'],
  [
    'time-steps-a-minute',
    resend({ stamp: (now, isUsed) => (isUsed(now) ? CLIENT.stamp(now + 60, isUsed) : now) }),
    'client-attempt-same-second',
  ],
]);

const isRefused = (status: number) => resend({ sendsAgain: (answer) => answer?.status === status });

export const CLIENT_ATTEMPT_MUTANTS = mutants<ClientParts>('client: attempts', [
  ['again-after-400', isRefused(400), 'client-refused-insufficient-balance'],
  ['again-after-401', isRefused(401), 'client-refused-invalid-signature'],
  ['again-after-403', isRefused(403), 'client-refused-permission'],
  ['again-after-404', isRefused(404), 'client-refused-not-found'],
  ['again-after-409', isRefused(409), 'client-refused-conflict'],
  ['again-after-422', isRefused(422), 'client-refused-validation'],
  [
    'again-post-without-reference',
    resend({ sendsAgain: (answer) => answer === undefined }),
    'client-attempt-hang-up-post',
  ],
  [
    'again-same-signature',
    resend({ stamp: (now) => now, sendsAgain: (answer) => answer?.status === 503 }),
    'client-attempt-503-get',
  ],
  [
    'again-other-body',
    resend({
      sendsAgain: (answer) => answer?.status === 503,
      encodeBody: (a) => Buffer.from(JSON.stringify(a)),
      beforeSend: otherBody(),
    }),
    'client-attempt-503-post-reference',
  ],
  [
    'follows-redirects',
    resend({ followsRedirects: true }),
    'client-redirect-307-post',
    'client-redirect-301-get',
  ],
]);

function otherBody(): ClientParts['beforeSend'] {
  let count = 0;
  return (request) =>
    request.body.length === 0
      ? request
      : { ...request, body: Buffer.from(`${request.body.toString()}${' '.repeat(count++)}`) };
}
