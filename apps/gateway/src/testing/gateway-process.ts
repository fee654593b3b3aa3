import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readLines } from '@cpg/test-support';

export interface GatewayProcess {
  readonly url: string;
  /** Where metrics and, in the sandbox, `/_sandbox` are. */
  readonly operationsUrl: string;
  readonly child: ChildProcess;
  /** What it printed until it was ready. */
  printed(): string;
  /** Everything it has logged so far. */
  log(): string;
  /** Ends it with a signal and waits for that. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const OPERATIONS = /^Operations (http:\/\/\S+)$/;
const READY = /^CPG gateway ready on (http:\/\/\S+)$/;

/** Starts a gateway from its sources in a process of its own, on a free loopback port; under another program when one is given. */
export const startGatewayProcess = async (
  environment: Readonly<Record<string, string>>,
  wrapper: readonly string[] = [],
): Promise<GatewayProcess> => {
  const [program = process.execPath, ...parameters] = [
    ...wrapper,
    process.execPath,
    '--conditions=@cpg/source',
    MAIN,
  ];
  const child = spawn(program, parameters, {
    env: { ...process.env, PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  let operationsUrl = '';
  let printed = '';
  for await (const line of readLines(child.stdout)) {
    printed += `${line}\n`;
    operationsUrl = OPERATIONS.exec(line)?.[1] ?? operationsUrl;
    const url = READY.exec(line)?.[1];
    if (url === undefined) continue;
    return {
      url,
      operationsUrl,
      child,
      printed: () => printed,
      log: () => log,
      end: async (signal) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill(signal);
        await ended;
      },
    };
  }
  throw new Error(`The gateway did not start. It logged:\n${log}`);
};
