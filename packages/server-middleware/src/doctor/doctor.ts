import type { RequestListener, Server } from 'node:http';
import { isKeyId, isRejection, parseRequestTarget } from '@cpg/protocol';
import {
  aFunction,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
  timerMs,
} from '../options.ts';
import { callObserver, processWarnings } from '../user-code.ts';
import { checkApp, checkProxyTrust } from './app-checks.ts';
import { createReport, type DoctorReport, formatFinding } from './finding.ts';
import { serveApp } from './serve-app.ts';

export interface DoctorOptions {
  /** A key of the app's own key store. */
  readonly keyId: string;
  readonly secret: string;
  /** A path behind cpgAuth, whose GET handler has no side effects. @default "/v1/_ping" */
  readonly target?: string | undefined;
  /** Milliseconds to wait for each response. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Prints one line of the report. @default standard output */
  readonly print?: ((line: string) => void) | undefined;
}

const printToStdout = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const anApp: OptionRule = (value) =>
  aFunction(value) === undefined ||
  aFunction((value as { readonly emit?: unknown } | null)?.emit) === undefined
    ? undefined
    : 'be an Express app, a request listener or a server of node:http';

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
 * requests of the key's quota. The probes reach the handler of the target, so choose one without side effects. Other requests
 * of the process, also with the same key, do not disturb it.
 *
 * @param app an Express app, any other request listener, or a server of `node:http` that need not listen
 * @throws ServerMiddlewareError `invalid_option`
 */
export const doctor = async (
  app: RequestListener | Server,
  options: DoctorOptions,
): Promise<DoctorReport> => {
  assertValue({ name: 'doctor: app', value: app, rule: anApp });
  assertOptions({ owner: 'doctor', options, rules: RULES });
  assertSecret(options.secret);
  const { keyId, secret, target = '/v1/_ping', timeoutMs = 5_000, print = printToStdout } = options;
  const probed = await serveApp(app, { keyId, secret, timeoutMs }, (send) => checkApp(send, target));
  const report = createReport([...checkProxyTrust(app), ...probed]);
  const observer = { name: 'print', callback: print, logger: processWarnings };
  for (const finding of report.findings) callObserver(observer, () => print(formatFinding(finding)));
  return report;
};
