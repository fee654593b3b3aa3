import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDeadline } from '../core/deadline.ts';

const GRACE_MS = 1_000;
const POLL_MS = 10;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const running = new Set<ProcessGroup>();

const killAll = (signal: NodeJS.Signals): void => {
  for (const group of running) group.kill(signal);
};
const killAllAtExit = (): void => killAll('SIGKILL');

// The groups are not in the terminal's foreground, so Ctrl-C reaches this process only.
const endAllThenExit = (signal: NodeJS.Signals): void => {
  killAll('SIGTERM');
  const end = Date.now() + GRACE_MS;
  const waitForAll = async (): Promise<void> => {
    while (Date.now() < end && [...running].some((group) => group.hasMembers)) await sleep(POLL_MS);
  };
  // The listener of `exit` kills what is left.
  waitForAll().finally(() => process.exit(128 + constants.signals[signal]));
};

const watch = (group: ProcessGroup): void => {
  running.add(group);
  if (running.size > 1) return;
  process.on('exit', killAllAtExit);
  for (const signal of SIGNALS) process.on(signal, endAllThenExit);
};

const unwatch = (group: ProcessGroup): void => {
  if (!running.delete(group) || running.size > 0) return;
  process.off('exit', killAllAtExit);
  for (const signal of SIGNALS) process.off(signal, endAllThenExit);
};

/**
 * A command line that runs in a shell, with every process that the shell starts. A signal reaches all of
 * them; a signal to the shell alone would leave its children running. No process of the group outlives this
 * process.
 */
export class ProcessGroup {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when the shell and every process that can write to its streams have ended. */
  readonly closed: Promise<unknown>;

  constructor(commandLine: string, env: NodeJS.ProcessEnv = process.env) {
    // Before the spawn: a signal that arrives between the two must not leave the group running.
    watch(this);
    try {
      this.child = spawn(commandLine, { shell: true, detached: true, stdio: 'pipe', env });
    } catch (error) {
      unwatch(this);
      throw error;
    }
    // The command may end before it has read its input.
    this.child.stdin.on('error', () => undefined);
    this.closed = new Promise((resolve) => this.child.on('close', resolve));
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Whether any process of the group is left, the shell or another one. */
  get hasMembers(): boolean {
    return this.kill(0);
  }

  /** Sends a signal to every process of the group; `false` when none is left. */
  kill(signal: NodeJS.Signals | 0): boolean {
    if (this.child.pid === undefined) return false;
    try {
      return process.kill(-this.child.pid, signal);
    } catch {
      return false;
    }
  }

  /** Waits for the end of the shell; whether it came in time. */
  async endsWithin(milliseconds: number): Promise<boolean> {
    if (!this.hasEnded) await withDeadline(once(this.child, 'exit'), milliseconds).catch(() => undefined);
    return this.hasEnded;
  }

  /** Ends the rest of the group, with SIGKILL after a second, and releases its streams. */
  async end(): Promise<void> {
    if (this.kill('SIGTERM')) {
      const end = Date.now() + GRACE_MS;
      while (this.hasMembers && Date.now() < end) await sleep(POLL_MS);
      this.kill('SIGKILL');
      await this.endsWithin(GRACE_MS);
    }
    this.child.stdout.destroy();
    this.child.stderr.destroy();
    unwatch(this);
  }
}
