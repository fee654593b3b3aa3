import { WINDOW_SECONDS } from '@cpg/protocol';
import type { Check, DecisionTrace } from '../authenticate/decision-trace.ts';
import { findTrustProxyMistake } from '../express/trust-proxy.ts';
import { type DoctorFinding, failure, ok, warning } from './finding.ts';
import { makeUnique } from './prober.ts';
import type { AppProber } from './serve-app.ts';

const CLOCK_SLACK_SECONDS = 10;
const STORE_CHECKS: ReadonlySet<Check> = new Set(['key', 'admission']);
const SLOW_STORE_MS = 100;
const NO_LIMIT_BYTES = 2 ** 40;
const BODY = Buffer.from('{"probe":true}');

/** Checks `trust proxy` of an Express app; other listeners have no such setting. */
export const checkProxyTrust = (app: object): DoctorFinding[] => {
  if (!isExpressApp(app)) return [];
  const check = 'trust proxy';
  const mistake = findTrustProxyMistake(app);
  if (mistake !== undefined) {
    const fix = 'Fix: name the proxies in front of the service, by their exact number or their addresses.';
    return [failure(check, `${mistake}: every client can choose its address. ${fix}`)];
  }
  return app.get('trust proxy')
    ? [ok(check, 'is limited to named proxies')]
    : [ok(check, 'is off: the client address is that of the connection')];
};

const isExpressApp = (app: object): app is { get(setting: string): unknown } =>
  'settings' in app && 'get' in app && typeof app.get === 'function';

/** Sends the probes and checks the decisions; stops if a correct request is not authenticated. */
export const checkApp = async (send: AppProber, target: string): Promise<DoctorFinding[]> => {
  const now = Math.floor(Date.now() / 1000);
  const unique = makeUnique(target);
  const first = await send({ target: unique, timestamp: now });
  if (first.trace?.outcome !== 'authenticated') return [failure('authentication', first.detail)];
  const copy = await send({ target: unique, timestamp: now });
  const early = await send({ target: unique, timestamp: now - WINDOW_SECONDS + CLOCK_SLACK_SECONDS });
  const late = await send({ target: unique, timestamp: now + WINDOW_SECONDS - CLOCK_SLACK_SECONDS });
  const post = { method: 'POST', target: unique, timestamp: now, body: BODY };
  const withBody = await send(post);
  const zipped = await send({ ...post, headers: { 'Content-Encoding': 'gzip' } });
  const huge = await send({ ...post, headers: { 'Content-Length': String(NO_LIMIT_BYTES) } });
  const misdated = [early, late].find(({ trace }) => trace?.outcome !== 'authenticated');

  return [
    ok('authentication', 'a signed request is authenticated'),
    copy.trace?.outcome === 'signature_already_used'
      ? ok('replay', 'a copy of the request is rejected')
      : failure('replay', `a copy of the request must be rejected as already used: ${copy.detail}`),
    misdated === undefined
      ? ok('clock', `within ${CLOCK_SLACK_SECONDS} s of this machine's`)
      : failure('clock', `must be within ${CLOCK_SLACK_SECONDS} s of this machine's: ${misdated.detail}`),
    withBody.trace?.outcome === 'authenticated'
      ? ok('parser order', 'cpgAuth gets the bytes of the body')
      : failure('parser order', withBody.detail),
    zipped.trace?.outcome === 'content_encoding_not_supported'
      ? ok('compression', 'compressed bodies are rejected')
      : failure('compression', `a compressed body must be rejected with 415: ${zipped.detail}`),
    huge.trace?.outcome === 'body_too_large'
      ? ok('body limit', 'an oversized body is rejected before it is read')
      : failure('body limit', `a body of 2^40 bytes must be rejected with 413: ${huge.detail}`),
    ...first.trace.passed.filter(({ check }) => STORE_CHECKS.has(check)).map(checkSpeed),
  ];
};

const checkSpeed = ({ check, ms }: DecisionTrace['passed'][number]): DoctorFinding => {
  const detail = `responds in ${ms.toFixed(1)} ms`;
  return ms < SLOW_STORE_MS
    ? ok(`${check} store`, detail)
    : warning(`${check} store`, `${detail}; every request waits for it`);
};
