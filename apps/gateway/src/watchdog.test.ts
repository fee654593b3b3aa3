import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startGatewayFromSources } from '@cpg/test-support/gateway-process';
import { startProcess } from '@cpg/test-support/processes';
import { itInCi } from '@cpg/test-support/programs';
import { afterEach, expect, it } from 'vitest';

const DEADLINE_MS = 500;
const WATCHDOG = fileURLToPath(new URL('watchdog.ts', import.meta.url));
// Blocks without using the processor.
const BLOCK = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

const startWatched = async () => {
  const program = `import { startWatchdog } from ${JSON.stringify(WATCHDOG)};
    startWatchdog({ deadlineMs: ${DEADLINE_MS}, line: { code: 'blocked' } });
    setInterval(() => undefined, 1_000);
    process.on('SIGUSR2', () => ${BLOCK});
    console.log('ready');`;
  const started = await startProcess({
    command: [process.execPath, '--input-type=module', '--eval', program],
    ready: /^ready$/,
  });
  stops.push(() => started.stop('SIGKILL'));
  return started;
};

it('a blocked event loop ends the process, with a line in its log', async () => {
  const { child, log } = await startWatched();
  child.kill('SIGUSR2');
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
  expect(JSON.parse(log())).toEqual({ code: 'blocked', time: expect.any(Number) });
});

it('a process that was suspended goes on', async () => {
  const { child, log } = await startWatched();
  child.kill('SIGSTOP');
  await wait(3 * DEADLINE_MS);
  child.kill('SIGCONT');
  await wait(DEADLINE_MS);
  expect([child.exitCode, child.signalCode, log()]).toEqual([null, null, '']);
});

itInCi(
  'a gateway whose embedded database blocks it ends within half a minute, and says how to fix it',
  async () => {
    const preload = `process.on('SIGUSR2', () => ${BLOCK})`;
    const gateway = await startGatewayFromSources({
      CPG_SANDBOX: 'true',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}`,
    });
    stops.push(() => gateway.stop('SIGKILL'));
    gateway.child.kill('SIGUSR2');
    expect(await once(gateway.child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(gateway.log()).toContain('"code":"embedded_database_blocked"');
  },
);
