import type { Express } from 'express';
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

/**
 * Examines how cpgAuth is mounted in an app: serves it on a loopback port, sends it signed probes with the given key, and
 * reports on replay, clock, parser order, compression, body limit, proxy trust and the speed of the stores. Seven
 * requests of the key's quota are used; handlers of the target see the probes, so choose one without side effects.
 */
export const doctor = async (app: Express, options: DoctorOptions): Promise<DoctorReport> => {
  const { keyId, secret, target = '/v1/_ping', timeoutMs = 5_000, print = printToStdout } = options;
  const probed = await probeApp(app, { keyId, secret, timeoutMs }, (prober) => examine(prober, target));
  const findings = [judgeProxyTrust(app.get('trust proxy')), ...probed];
  for (const { status, check, detail } of findings)
    print(`${status.padEnd(8)} ${check.padEnd(15)} ${detail}`);
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
