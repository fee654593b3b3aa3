import { url as getDebuggerUrl } from 'node:inspector';
import { Worker } from 'node:worker_threads';

export interface WatchdogOptions {
  /** How long the event loop may be blocked before the process ends. @default 20000 */
  readonly deadlineMs?: number;
  /** What is logged to standard error then, with the time. */
  readonly line: object;
}

export interface Watchdog {
  stop(): Promise<unknown>;
}

const DEFAULT_DEADLINE_MS = 20_000;
const STEPS = 20;

// Counts steps without a beat instead of reading a clock: after the process or its machine was suspended, one step is
// over, and the event loop has time for its next beat. SIGKILL, because handlers of other signals need the event loop.
const THREAD = `
const { writeSync } = require('node:fs');
const { workerData: { beats, stepMs, steps, line } } = require('node:worker_threads');
for (let missed = 0; missed < steps; ) {
  missed = Atomics.wait(beats, 0, Atomics.load(beats, 0), stepMs) === 'timed-out' ? missed + 1 : 0;
  if (Atomics.load(beats, 1) === 1) missed = 0;
}
try {
  writeSync(2, JSON.stringify({ ...line, time: Date.now() }) + '\\n');
} finally {
  process.kill(process.pid, 'SIGKILL');
}`;

/**
 * Ends the process when its event loop is blocked. The embedded database runs in the event loop: an endless loop in
 * it, as after a failed write of its log, would leave a process that accepts connections and responds to none. Does
 * nothing while a debugger is attached.
 */
export const startWatchdog = ({ deadlineMs = DEFAULT_DEADLINE_MS, line }: WatchdogOptions): Watchdog => {
  const stepMs = deadlineMs / STEPS;
  const beats = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const timer = setInterval(() => {
    Atomics.store(beats, 1, getDebuggerUrl() === undefined ? 0 : 1);
    Atomics.add(beats, 0, 1);
    Atomics.notify(beats, 0);
  }, stepMs / 2).unref();
  const workerData = { beats, stepMs, steps: STEPS, line };
  const thread = new Worker(THREAD, { eval: true, execArgv: [], workerData });
  thread.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return thread.terminate();
    },
  };
};
