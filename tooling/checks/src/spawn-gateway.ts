import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readLines } from '@cpg/test-support';
import { REPOSITORY_ROOT } from './repository-root.ts';

export interface SpawnedGateway {
  readonly url: string;
  /** Where metrics and `/_sandbox` are. */
  readonly operationsUrl: string;
  /** Everything it has logged so far. */
  log(): string;
  /** Sends SIGTERM and waits; answers the exit code. */
  stop(): Promise<number | null>;
}

const OPERATIONS = /^Operations (http:\/\/\S+)$/;
const READY = /^CPG gateway ready on (http:\/\/\S+)$/;

/** Starts the built gateway as `npm run sandbox` does, on a free loopback port, and waits until it serves. */
export const spawnGateway = async (
  environment: Readonly<Record<string, string>> = {},
): Promise<SpawnedGateway> => {
  const child = spawn(process.execPath, ['apps/gateway/dist/main.js'], {
    cwd: REPOSITORY_ROOT,
    env: { ...process.env, PORT: '0', CPG_SANDBOX: 'true', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const urls = await waitUntilReady(child).catch((error: unknown) => {
    throw new Error(`The gateway did not start. It logged:\n${log}`, { cause: error });
  });
  return {
    ...urls,
    log: () => log,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      return child.exitCode;
    },
  };
};

const waitUntilReady = async (child: ChildProcess) => {
  if (child.stdout === null) throw new Error('no standard output');
  let operationsUrl = '';
  for await (const line of readLines(child.stdout)) {
    const url = READY.exec(line)?.[1];
    operationsUrl = OPERATIONS.exec(line)?.[1] ?? operationsUrl;
    if (url !== undefined) return { url, operationsUrl };
  }
  throw new Error('it ended before it was ready');
};
