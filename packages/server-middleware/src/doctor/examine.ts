import { WINDOW_SECONDS } from '@cpg/protocol';
import type { Check, DecisionTrace } from '../authentication/decision-recorder.ts';
import { SERVER_MIDDLEWARE_ERROR_CODES } from '../server-middleware-error.ts';
import type { ProbeResult, Prober } from './probe-app.ts';

/** What one check of `doctor` found. */
export interface DoctorFinding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failure';
  readonly detail: string;
}

const CLOCK_SLACK_SECONDS = 10;
const STORE_CHECKS: ReadonlySet<Check> = new Set(['key', 'admission']);
const SLOW_STORE_MS = 100;
const NO_LIMIT_BYTES = 2 ** 40;
const BODY = '{"probe":true}';

const ok = (check: string, detail: string): DoctorFinding => ({ check, status: 'ok', detail });
const warning = (check: string, detail: string): DoctorFinding => ({ check, status: 'warning', detail });
const failure = (check: string, detail: string): DoctorFinding => ({ check, status: 'failure', detail });

/** Sends the probes, judges each, and stops at once when not even a good request is authenticated. */
export const examine = async (prober: Prober, target: string): Promise<DoctorFinding[]> => {
  const now = Math.floor(Date.now() / 1000);
  const get = { method: 'GET', target, timestamp: now } as const;
  const post = { method: 'POST', target, timestamp: now, body: BODY } as const;

  const first = await prober(get);
  if (first.trace?.outcome !== 'authenticated') return [failure('authentication', describe(first))];
  const copy = await prober(get);
  const early = await prober({ ...get, timestamp: now - WINDOW_SECONDS + CLOCK_SLACK_SECONDS });
  const late = await prober({ ...get, timestamp: now + WINDOW_SECONDS - CLOCK_SLACK_SECONDS });
  const withBody = await prober(post);
  const zipped = await prober({ ...post, headers: { 'Content-Encoding': 'gzip' } });
  const huge = await prober({ ...post, headers: { 'Content-Length': String(NO_LIMIT_BYTES) } });

  return [
    ok('authentication', 'a signed request is authenticated'),
    copy.trace?.outcome === 'signature_already_used'
      ? ok('replay', 'its copy is refused')
      : failure('replay', `its copy must be refused as already used: ${describe(copy)}`),
    early.trace?.outcome === 'authenticated' && late.trace?.outcome === 'authenticated'
      ? ok('clock', `within ${CLOCK_SLACK_SECONDS} s of this machine's`)
      : failure('clock', `the clock given to cpgAuth is off by more than ${CLOCK_SLACK_SECONDS} s`),
    withBody.trace?.outcome === 'authenticated'
      ? ok('parser order', 'cpgAuth sees the bytes of the body')
      : failure('parser order', describe(withBody)),
    zipped.trace?.outcome === 'content_encoding_not_supported'
      ? ok('compression', 'compressed bodies are refused')
      : failure('compression', `a compressed body must be refused with 415: ${describe(zipped)}`),
    huge.trace?.outcome === 'body_too_large'
      ? ok('body limit', 'a body without measure is refused before it is read')
      : failure('body limit', `a body of 2^40 bytes must be refused with 413: ${describe(huge)}`),
    ...first.trace.passed.filter(({ check }) => STORE_CHECKS.has(check)).map(judgeSpeed),
  ];
};

const judgeSpeed = ({ check, ms }: DecisionTrace['passed'][number]): DoctorFinding => {
  const detail = `answers in ${ms.toFixed(1)} ms`;
  return ms < SLOW_STORE_MS
    ? ok(`${check} store`, detail)
    : warning(`${check} store`, `${detail}; every request waits for it`);
};

const describe = ({ status, trace }: ProbeResult): string => {
  if (status === undefined) return 'there was no answer in time';
  if (trace === undefined)
    return `answered ${status}, and no cpgAuth decided about it: is it mounted on this path?`;
  const cause =
    trace.errorCode === undefined
      ? ''
      : `: ${SERVER_MIDDLEWARE_ERROR_CODES[trace.errorCode]} (${trace.errorCode})`;
  return `answered ${status}, outcome ${trace.outcome}${cause}`;
};
