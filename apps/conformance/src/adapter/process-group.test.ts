import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { AdapterProcess } from './adapter-process.ts';
import { oneShotAdapter } from './one-shot-adapter.ts';
import { ProcessGroup } from './process-group.ts';

const MAIN = join(import.meta.dirname, '../main.ts');

/** A command line whose shell starts `sleep` and waits for it, and the process id of that `sleep`. */
const sleeper = (after = 'wait') => {
  const file = join(mkdtempSync(join(tmpdir(), 'cpg-')), 'pid');
  const readPid = (): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  const commandLine = `sleep 600 & echo $! > '${file}'; ${after}`;
  return { commandLine, isStarted: () => readPid() > 0, isRunning: () => isRunning(readPid()) };
};

// A process that has ended stays a zombie where the first process of a container does not reap.
const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const status = `/proc/${pid}/stat`;
  return !existsSync(status) || !/^\d+ \(.*\) Z/.test(readFileSync(status, 'utf8'));
};

const DEADLINE = { timeout: 30_000 };
const CALL = {
  baseUrl: 'http://127.0.0.1:9',
  keyId: 'ck_1',
  secret: Buffer.from('secret'),
  operation: 'ping',
  args: {},
};

// Concurrent, because these tests mostly wait.
describe.concurrent('ProcessGroup', () => {
  it.for([
    ['the shell and what it waits for', 'wait'],
    ['what the shell has left behind', 'exit 0'],
    ['what does not end by itself', 'trap "" TERM; wait; sleep 600'],
  ])('ends %s', async ([, after], { expect }) => {
    const { commandLine, isStarted, isRunning } = sleeper(after);
    const group = new ProcessGroup(commandLine);
    await expect.poll(isStarted, DEADLINE).toBe(true);
    expect(isRunning()).toBe(true);
    await group.end();
    await expect.poll(isRunning, DEADLINE).toBe(false);
    expect(group.hasEnded).toBe(true);
  });
});

describe.concurrent('nothing is left running', () => {
  it('of a one-shot command that hangs behind a shell', async ({ expect }) => {
    const { commandLine, isStarted, isRunning } = sleeper();
    const adapter = await oneShotAdapter(commandLine);
    await expect(adapter.call(CALL)).rejects.toThrow('the command did not end within 9000 ms');
    expect(isStarted()).toBe(true);
    await expect.poll(isRunning, DEADLINE).toBe(false);
    await adapter.stop();
  });

  it('of a one-shot command that leaves a process running which keeps its output open', async ({
    expect,
  }) => {
    const { commandLine, isRunning } = sleeper('echo 200');
    const adapter = await oneShotAdapter(commandLine);
    expect(await adapter.call(CALL)).toMatchObject({ ok: true });
    await expect.poll(isRunning, DEADLINE).toBe(false);
    await adapter.stop();
  });

  it('of an adapter that hangs behind a shell', async ({ expect }) => {
    const { commandLine, isStarted, isRunning } = sleeper();
    const adapter = new AdapterProcess(commandLine);
    await expect.poll(isStarted, DEADLINE).toBe(true);
    await adapter.stop();
    await expect.poll(isRunning, DEADLINE).toBe(false);
  });

  it.for([
    ['SIGINT', 130, []],
    ['SIGTERM', 143, []],
    ['SIGTERM', 143, ['--one-shot']],
  ] as const)('when the run itself is ended by %s', async ([signal, code, options], { expect }) => {
    const { commandLine, isStarted, isRunning } = sleeper();
    const run = spawn(
      process.execPath,
      ['--conditions=@cpg/source', MAIN, 'client', '--exec', commandLine, ...options],
      { stdio: 'ignore' },
    );
    const ended = once(run, 'exit');
    await expect.poll(isStarted, DEADLINE).toBe(true);
    run.kill(signal);
    expect(await ended).toEqual([code, null]);
    await expect.poll(isRunning, DEADLINE).toBe(false);
  });
});
