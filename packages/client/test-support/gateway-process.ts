import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { readLines } from '@cpg/test-support';

const MAIN = join(import.meta.dirname, '../../../apps/gateway/dist/main.js');
const READY = /^CPG gateway ready on (http:\/\/\S+)$/;

/** The built reference gateway as a process of its own, on a free port, its chain settling at once. */
export const startGateway = async () => {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, PORT: '0', CPG_CHAIN_SETTLE_SECONDS: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  for await (const line of readLines(child.stdout)) {
    const url = READY.exec(line)?.[1];
    if (url !== undefined) return { url, stop };
  }
  throw new Error(`The gateway did not start. It logged:\n${log}`);
};
