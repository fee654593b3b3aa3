import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  createSigningKey,
  isKeyId,
  isRejection,
  parseRequestTarget,
  signRequest,
  WINDOW_SECONDS,
} from '@cpg/protocol';
import type { Express } from 'express';
import { DECISION_CHANNEL } from './authenticate/authenticate.ts';
import type { Check, DecisionTrace } from './authenticate/decision-trace.ts';
import { SERVER_MIDDLEWARE_ERROR_CODES } from './errors.ts';
import {
  aFunction,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
  timerMs,
} from './options.ts';
import { callObserver, processWarnings } from './user-code.ts';

export interface DoctorOptions {
  /** A key of the app's own key store. */
  readonly keyId: string;
  readonly secret: string;
  /** A path behind cpgAuth. @default "/v1/_ping" */
  readonly target?: string | undefined;
  /** Milliseconds to wait for each response. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Prints one line of the report. @default standard output */
  readonly print?: ((line: string) => void) | undefined;
}

export interface DoctorReport {
  /** Whether no check failed. */
  readonly isHealthy: boolean;
  readonly findings: readonly DoctorFinding[];
}

const printToStdout = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const anApp: OptionRule = (value) =>
  aFunction(value) === undefined && aFunction((value as { readonly get?: unknown }).get) === undefined
    ? undefined
    : 'be an Express app';

// A secret is never shown, not even an invalid one.
const assertSecret = (secret: unknown): void => {
  const isUsable = typeof secret === 'string' && secret !== '';
  assertValue({
    name: 'doctor: secret',
    value: typeof secret === 'string' ? '' : typeof secret,
    rule: () => (isUsable ? undefined : 'be a non-empty string'),
  });
};

const RULES: OptionRules<DoctorOptions> = {
  keyId: (value) => (isKeyId(value as string) ? undefined : 'be 1 to 128 characters of A-Z a-z 0-9 _ - .'),
  secret: () => undefined,
  target: optional((value) =>
    typeof value === 'string' && !isRejection(parseRequestTarget(value))
      ? undefined
      : 'be a request target such as /v1/_ping',
  ),
  timeoutMs: optional(timerMs),
  print: optional(aFunction),
};

/**
 * Checks how cpgAuth is mounted in an app: serves the app on a loopback port, sends signed probes with the given key, and
 * reports on replay, clock, parser order, compression, body limit, proxy trust and the speed of the stores. Uses seven
 * requests of the key's quota. The probes reach the handler of the target, so choose one without side effects.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const doctor = async (app: Express, options: DoctorOptions): Promise<DoctorReport> => {
  assertValue({ name: 'doctor: app', value: app, rule: anApp });
  assertOptions({ owner: 'doctor', options, rules: RULES });
  assertSecret(options.secret);
  const { keyId, secret, target = '/v1/_ping', timeoutMs = 5_000, print = printToStdout } = options;
  const probed = await probeApp(app, { keyId, secret, timeoutMs }, (prober) => examine(prober, target));
  const findings = [checkProxyTrust(app.get('trust proxy')), ...probed];
  const observer = { name: 'print', callback: print, logger: processWarnings };
  for (const { status, check, detail } of findings) {
    callObserver(observer, () => print(`${status.padEnd(8)} ${check.padEnd(15)} ${detail}`));
  }
  return { isHealthy: findings.every(({ status }) => status !== 'failure'), findings };
};

const checkProxyTrust = (setting: unknown): DoctorFinding => {
  const check = 'trust proxy';
  if (setting === true) {
    return {
      check,
      status: 'failure',
      detail: 'is true: every client can choose its address; name the proxies instead',
    };
  }
  return setting === false || setting === undefined
    ? { check, status: 'ok', detail: 'is off: the client address is that of the connection' }
    : { check, status: 'ok', detail: 'is limited to named proxies' };
};

/** The result of one check of `doctor`. */
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

/** Sends the probes and checks the results; stops if a correct request is not authenticated. */
const examine = async (prober: Prober, target: string): Promise<DoctorFinding[]> => {
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
      ? ok('replay', 'a copy of the request is rejected')
      : failure('replay', `a copy of the request must be rejected as already used: ${describe(copy)}`),
    early.trace?.outcome === 'authenticated' && late.trace?.outcome === 'authenticated'
      ? ok('clock', `within ${CLOCK_SLACK_SECONDS} s of this machine's`)
      : failure('clock', `the clock given to cpgAuth is off by more than ${CLOCK_SLACK_SECONDS} s`),
    withBody.trace?.outcome === 'authenticated'
      ? ok('parser order', 'cpgAuth gets the bytes of the body')
      : failure('parser order', describe(withBody)),
    zipped.trace?.outcome === 'content_encoding_not_supported'
      ? ok('compression', 'compressed bodies are rejected')
      : failure('compression', `a compressed body must be rejected with 415: ${describe(zipped)}`),
    huge.trace?.outcome === 'body_too_large'
      ? ok('body limit', 'an oversized body is rejected before it is read')
      : failure('body limit', `a body of 2^40 bytes must be rejected with 413: ${describe(huge)}`),
    ...first.trace.passed.filter(({ check }) => STORE_CHECKS.has(check)).map(checkSpeed),
  ];
};

const checkSpeed = ({ check, ms }: DecisionTrace['passed'][number]): DoctorFinding => {
  const detail = `responds in ${ms.toFixed(1)} ms`;
  return ms < SLOW_STORE_MS
    ? ok(`${check} store`, detail)
    : warning(`${check} store`, `${detail}; every request waits for it`);
};

const describe = ({ status, trace }: ProbeResult): string => {
  if (status === undefined) return 'there was no response in time';
  if (trace === undefined) return `got ${status}, but not from cpgAuth. Is it mounted on this path?`;
  const cause =
    trace.errorCode === undefined
      ? ''
      : `: ${SERVER_MIDDLEWARE_ERROR_CODES[trace.errorCode]} (${trace.errorCode})`;
  return `got ${status}, outcome ${trace.outcome}${cause}`;
};

interface ProbeSettings {
  readonly keyId: string;
  readonly secret: string;
  /** Milliseconds to wait for each response. */
  readonly timeoutMs: number;
}

/** One signed request; `headers` replace the usual ones, after signing. */
interface Probe {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface ProbeResult {
  /** Missing without a response in time. */
  readonly status?: number | undefined;
  /** Missing if no cpgAuth handled the request. */
  readonly trace?: DecisionTrace | undefined;
}

type Prober = (probe: Probe) => Promise<ProbeResult>;

/** Serves an app on a free loopback port while `use` sends signed requests, one after the other. */
const probeApp = async <Result>(
  app: RequestListener,
  settings: ProbeSettings,
  use: (prober: Prober) => Promise<Result>,
): Promise<Result> => {
  const observer = { name: 'The app', callback: app, logger: processWarnings };
  // When the app throws, its probe gets no response, and the process continues.
  const server = createServer((incoming, response) => callObserver(observer, () => app(incoming, response)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  let trace: DecisionTrace | undefined;
  const keepTrace = (message: unknown) => {
    trace = message as DecisionTrace;
  };
  subscribe(DECISION_CHANNEL, keepTrace);
  const { port } = server.address() as AddressInfo;
  try {
    return await use(async (probe) => {
      trace = undefined;
      const status = await send(probe, settings, port);
      return { status, trace };
    });
  } finally {
    unsubscribe(DECISION_CHANNEL, keepTrace);
    server.closeAllConnections();
    server.close();
  }
};

const send = (
  probe: Probe,
  { keyId, secret, timeoutMs }: ProbeSettings,
  port: number,
): Promise<number | undefined> => {
  const { method, target, timestamp, body = '' } = probe;
  const bytes = Buffer.from(body);
  const signed = signRequest({
    keyId,
    key: createSigningKey(secret),
    method,
    target,
    timestamp,
    body: bytes,
  });
  const headers = {
    ...(body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) }),
    ...signed.headers,
    ...probe.headers,
  };
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path: target, headers, agent: false });
    const finish = (status: number | undefined) => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    outgoing.on('response', (response: IncomingMessage) => finish(response.statusCode));
    outgoing.on('error', () => finish(undefined));
    outgoing.flushHeaders();
    // Not `end`: a probe may promise more bytes than it has.
    if (body === '') outgoing.end();
    else outgoing.write(bytes);
  });
};
