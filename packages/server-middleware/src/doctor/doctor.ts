import { isKeyId, isRejection, parseRequestTarget } from '@cpg/protocol';
import type { Express } from 'express';
import { processWarnings } from '../logger.ts';
import {
  aFunction,
  assertOptions,
  assertValue,
  type OptionRule,
  type OptionRules,
  optional,
  timerMs,
} from '../options.ts';
import { callObserver } from '../user-code.ts';
import { type DoctorFinding, examine } from './examine.ts';
import { probeApp } from './probe-app.ts';

export interface DoctorOptions {
  /** A key of the app's own key store. */
  readonly keyId: string;
  readonly secret: string;
  /** A path behind cpgAuth. @default "/v1/_ping" */
  readonly target?: string | undefined;
  /** Milliseconds to wait for each answer. @default 5000 */
  readonly timeoutMs?: number | undefined;
  /** Takes the report, a line at a time. @default standard output */
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

// A secret is never shown, not even a wrong one.
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
 * Examines how cpgAuth is mounted in an app: serves it on a loopback port, sends it signed probes with the given key, and
 * reports on replay, clock, parser order, compression, body limit, proxy trust and the speed of the stores. Seven
 * requests of the key's quota are used; handlers of the target see the probes, so choose one without side effects.
 *
 * @throws ServerMiddlewareError `invalid_option`
 */
export const doctor = async (app: Express, options: DoctorOptions): Promise<DoctorReport> => {
  assertValue({ name: 'doctor: app', value: app, rule: anApp });
  assertOptions({ owner: 'doctor', options, rules: RULES });
  assertSecret(options.secret);
  const { keyId, secret, target = '/v1/_ping', timeoutMs = 5_000, print = printToStdout } = options;
  const probed = await probeApp(app, { keyId, secret, timeoutMs }, (prober) => examine(prober, target));
  const findings = [judgeProxyTrust(app.get('trust proxy')), ...probed];
  const observer = { name: 'print', callback: print, logger: processWarnings };
  for (const { status, check, detail } of findings) {
    callObserver(observer, () => print(`${status.padEnd(8)} ${check.padEnd(15)} ${detail}`));
  }
  return { isHealthy: findings.every(({ status }) => status !== 'failure'), findings };
};

const judgeProxyTrust = (setting: unknown): DoctorFinding => {
  const check = 'trust proxy';
  if (setting === true) {
    return {
      check,
      status: 'failure',
      detail: 'is true: every client chooses its own address; name the proxies instead',
    };
  }
  return setting === false || setting === undefined
    ? { check, status: 'ok', detail: 'is off: the client address is that of the connection' }
    : { check, status: 'ok', detail: 'is limited to named proxies' };
};
