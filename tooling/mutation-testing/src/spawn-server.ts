import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A server in a process of its own that prints its address, or addresses, when it serves. */
export interface SpawnedServer {
  readonly addresses: readonly string[];
  readonly stop: () => Promise<void>;
}

const firstLine = async (child: ChildProcess): Promise<string> => {
  if (child.stdout === null) throw new Error('no standard output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('the server ended before it served');
};

export const spawnServer = async (program: string, argv: readonly string[]): Promise<SpawnedServer> => {
  const child = spawn(process.execPath, [...process.execArgv, program, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const addresses = (await firstLine(child)).split(' ');
  return {
    addresses,
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
};
