import { WINDOW_SECONDS } from '@cpg/protocol';
import { type DoctorFinding, failure, ok } from './finding.ts';
import { getFolder, getNow, makeUnique, type ProbeResult, type UrlCheck } from './prober.ts';

const FORGED = '0'.repeat(64);
const UNSIGNED = { 'X-CPG-Key': undefined, 'X-CPG-Timestamp': undefined, 'X-CPG-Signature': undefined };

/** Requests without a valid signature must be rejected. */
export const checkProtection: UrlCheck = async ({ prober, target }) => {
  const unsigned = await prober.send({ target, headers: UNSIGNED });
  const forged = await prober.send({ target: makeUnique(target), headers: { 'X-CPG-Signature': FORGED } });
  const check = 'protection';
  if (unsigned.verdict !== 'missing_authentication_headers') {
    return [failure(check, `an unsigned request must be rejected with 401: ${unsigned.detail}`)];
  }
  return [
    forged.verdict === 'invalid_signature'
      ? ok(check, 'unsigned and forged requests are rejected')
      : failure(check, `a forged request must be rejected with 401: ${forged.detail}`),
  ];
};

const COPIES = 5;

const isReplayed = ({ verdict }: ProbeResult): boolean => verdict === 'signature_already_used';
const isAuthenticated = ({ verdict }: ProbeResult): boolean => verdict === 'authenticated';

/** A copy must be rejected, by every process behind the URL, and at the same time too. */
export const checkReplay: UrlCheck = async ({ prober, target }) => {
  const check = 'replay';
  const request = { target: makeUnique(target), timestamp: getNow() };
  const results = [await prober.send(request)];
  while (results.length < COPIES) results.push(await prober.send(request));
  const race = { target: makeUnique(target), timestamp: getNow() };
  const raced = await Promise.all(Array.from({ length: COPIES }, () => prober.send(race)));

  for (const [when, responses] of [
    ['one after the other', results],
    ['at the same time', raced],
  ] as const) {
    const accepted = responses.filter(isAuthenticated).length;
    const other = responses.find((result) => !isAuthenticated(result) && !isReplayed(result));
    if (accepted > 1) {
      return [
        failure(
          check,
          `${accepted} of ${COPIES} copies were accepted, ${when}. Fix: one redisStore for all processes in place of a memoryStore in each; no cache of responses.`,
        ),
      ];
    }
    if (other !== undefined) {
      return [failure(check, `a copy must be rejected with 401 as already used: ${other.detail}`)];
    }
    if (accepted === 0) return [failure(check, SENT_TWICE)];
  }
  return [ok(check, `one of ${COPIES} copies is accepted, one after the other and at the same time`)];
};

const SENT_TWICE =
  'a signature was rejected as already used at its first use, so a proxy sends requests twice. Fix: no mirror and no retries. nginx: proxy_next_upstream off. haproxy: no retry-on, retries 0. Envoy: num_retries 0.';

const REPEATS = 6;

/** Every first use must be accepted, also when the response is one that a proxy may be told to retry. */
export const checkRetries: UrlCheck = async ({ prober, target }) => {
  const check = 'retries';
  const unknown = `${getFolder(target)}_cpg-doctor`;
  const requests = [
    { target },
    { target: unknown },
    { method: 'POST', target: unknown, body: Buffer.from('{}') },
  ];
  for (let count = 0; count < REPEATS; count += 1) {
    for (const request of requests) {
      const result = await prober.send({ ...request, target: makeUnique(request.target) });
      if (isReplayed(result)) return [failure(check, SENT_TWICE)];
      if (result.verdict === 'none' || isLost(result)) {
        return [failure(check, `a request got no response of the service: ${result.detail}`)];
      }
    }
  }
  return [ok(check, `${REPEATS * requests.length} requests were accepted at their first use`)];
};

/** Responses of a proxy whose upstream failed. */
export const isLost = ({ status }: ProbeResult): boolean => [502, 503, 504].includes(status);

/** A response must not be served again to another request for the same target. */
export const checkCache: UrlCheck = async ({ prober, target }) => {
  const cached = makeUnique(target);
  await prober.send({ target: cached });
  const forged = await prober.send({ target: cached, headers: { 'X-CPG-Signature': FORGED } });
  return [
    forged.verdict === 'authenticated'
      ? failure(
          'cache',
          'a proxy serves a stored response to a forged request. Fix: no cache in front of the service. nginx: proxy_cache off. Apache: CacheDisable /',
        )
      : ok('cache', 'responses are not stored by a proxy'),
  ];
};

const CLOCK_SLACK_SECONDS = 10;
const MAX_DATE_DIFFERENCE_SECONDS = 5;

/** The edges of the window show the clock of the service; the header Date may be that of a proxy. */
export const checkClock: UrlCheck = async ({ prober, target }) => {
  const sendAt = (offset: number) =>
    prober.send({ target: makeUnique(target), timestamp: getNow() + offset });
  const inside = WINDOW_SECONDS - CLOCK_SLACK_SECONDS;
  const outside = WINDOW_SECONDS + CLOCK_SLACK_SECONDS;
  const check = 'clock';
  const [old, early, late, future] = [
    await sendAt(-outside),
    await sendAt(-inside),
    await sendAt(inside),
    await sendAt(outside),
  ];
  const fix = 'Fix: run NTP on the service and on this machine.';
  const isExpired = ({ verdict }: ProbeResult) => verdict === 'timestamp_outside_window';
  if (isExpired(early) || isAuthenticated(future))
    return [
      failure(check, `the service is ahead of this machine by ${CLOCK_SLACK_SECONDS} s or more. ${fix}`),
    ];
  if (isExpired(late) || isAuthenticated(old))
    return [failure(check, `the service is behind this machine by ${CLOCK_SLACK_SECONDS} s or more. ${fix}`)];
  const wrong = [old, early, late, future].find((result) => !isExpired(result) && !isAuthenticated(result));
  if (wrong !== undefined) return [failure(check, `timestamps at the edges of the window: ${wrong.detail}`)];
  return [describeDate(early, check)];
};

const describeDate = ({ headers }: ProbeResult, check: string): DoctorFinding => {
  const difference = Math.abs(Math.round(Date.parse(headers.date ?? '') / 1000) - getNow());
  if (difference <= MAX_DATE_DIFFERENCE_SECONDS)
    return ok(check, `within ${CLOCK_SLACK_SECONDS} s of this machine's`);
  const found = Number.isNaN(difference) ? 'is missing' : `differs by ${difference} s`;
  return {
    check,
    status: 'warning',
    detail: `the header Date ${found}, although the clock of the service is right; clients correct their clock by it. Fix: NTP on the proxy, and pass Date on.`,
  };
};
