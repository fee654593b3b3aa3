import type { RequestListener, Server } from 'node:http';
import { isKeyId, isRejection, parseRequestTarget } from '@cpg/protocol';
import { describeThrown } from '../muting.ts';
import {
  aFunction,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
  timerMs,
  withMethods,
} from '../options.ts';
import { callObserver, processWarnings } from '../user-code.ts';
import { checkApp, checkProxyTrust } from './app-checks.ts';
import { createReport, type DoctorFinding, type DoctorReport, failure, formatFinding } from './finding.ts';
import { serveApp } from './serve-app.ts';
import { checkUrl } from './url-checks.ts';

export interface DoctorOptions {
  /** A key of the app's own key store. */
  readonly keyId: string;
  readonly secret: string;
  /** A path behind cpgAuth, whose GET handler has no side effects. @default "/v1/_ping" */
  readonly target?: string | undefined;
  /** Milliseconds to wait for each response. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** The admission store of the service: what its `inspect` finds is reported too. `redisStore` has that method. */
  readonly store?: InspectedStore | undefined;
  /** Milliseconds for all checks of a URL. @default 120000 */
  readonly deadlineMs?: number | undefined;
  /** Prints one line of the report. @default standard output */
  readonly print?: ((line: string) => void) | undefined;
}

/** A store that can inspect its own configuration. */
export interface InspectedStore {
  inspect(): Promise<readonly DoctorFinding[]>;
}

const printToStdout = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const isUrl = (value: unknown): value is URL | string => typeof value === 'string' || value instanceof URL;

const isUsableUrl = (value: URL | string): boolean => {
  if (!URL.canParse(String(value))) return false;
  const { protocol, username, search, hash } = new URL(value);
  return /^https?:$/.test(protocol) && username === '' && search === '' && hash === '';
};

const anApp: OptionRule = (value) => {
  if (isUrl(value)) {
    return isUsableUrl(value)
      ? undefined
      : 'be a URL as https://api.example.com, without user, query or fragment';
  }
  return aFunction(value) === undefined ||
    aFunction((value as { readonly emit?: unknown } | null)?.emit) === undefined
    ? undefined
    : 'be an Express app, a request listener, a server of node:http or a URL';
};

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
  deadlineMs: optional(timerMs),
  store: optional(withMethods(['inspect'], 'a store with the method inspect, e.g. redisStore(client)')),
  print: optional(aFunction),
};

/**
 * Checks a service with signed probes of the given key.
 *
 * An app is served on a loopback port: the report covers how cpgAuth is mounted in it (replay, clock, parser order,
 * compression, body limit, proxy trust, and the speed of the stores). Uses seven requests of the key's quota. Other requests of
 * the process, also with the same key, do not disturb it.
 *
 * A URL is examined from outside, with the proxies in front of the service: path rewriting, retries, caches, lost responses,
 * limits, compression, clock and connections. Uses about 70 requests, and uploads about 10 MiB; the command `cpg-doctor` does
 * the same.
 *
 * The probes are GET, HEAD, OPTIONS and POST requests for the target and for unknown paths beside it. A POST reaches a handler
 * only if there is one at the target, so choose a target without side effects.
 *
 * @param service an Express app, any other request listener, a server of `node:http` (which need not listen), or a URL
 * @throws ServerMiddlewareError `invalid_option`
 */
export const doctor = async (
  service: RequestListener | Server | URL | string,
  options: DoctorOptions,
): Promise<DoctorReport> => {
  assertValue({ name: 'doctor: app', value: service, rule: anApp });
  assertOptions({ owner: 'doctor', options, rules: RULES });
  assertSecret(options.secret);
  const { print = printToStdout } = options;
  const observer = { name: 'print', callback: print, logger: processWarnings };
  const findings: DoctorFinding[] = [];
  for await (const finding of examine(service, options)) {
    findings.push(finding);
    callObserver(observer, () => print(formatFinding(finding)));
  }
  return createReport(findings);
};

async function* examine(
  service: RequestListener | Server | URL | string,
  options: DoctorOptions,
): AsyncGenerator<DoctorFinding> {
  const { keyId, secret, target = '/v1/_ping', timeoutMs = 5_000, deadlineMs = 120_000, store } = options;
  if (isUrl(service)) {
    yield* checkUrl({ url: new URL(service), target, keyId, secret, timeoutMs, deadlineMs });
  } else {
    yield* checkProxyTrust(service);
    yield* await serveApp(service, { keyId, secret, timeoutMs }, (send) => checkApp(send, target));
  }
  if (store !== undefined) yield* await inspectStore(store);
}

const inspectStore = async (store: InspectedStore): Promise<readonly DoctorFinding[]> => {
  try {
    return await store.inspect();
  } catch (cause) {
    return [failure('store', `could not be inspected: ${describeThrown(cause)}`)];
  }
};
