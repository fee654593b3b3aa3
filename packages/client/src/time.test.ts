import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { followSignal, onAbort } from './time.ts';

const MANY_CALLS = fileURLToPath(import.meta.resolve('@cpg/test-support/client/many-calls'));

describe('200 concurrent calls', () => {
  it('add one listener to their shared signal, remove it, and cause no warning', async () => {
    const flags = ['--trace-warnings', '--conditions=@cpg/source', MANY_CALLS];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, flags);
    expect(stderr).not.toMatch(/MaxListeners|EventEmitter memory leak/);
    expect(JSON.parse(stdout)).toEqual({
      client: { atPeak: 1, left: 0 },
      signAxios: { atPeak: 1, left: 0 },
      'signAxios, streams': { atPeak: 1, left: 0 },
      signFetch: { atPeak: expect.any(Number), left: 0 },
    });
  });
});

describe('onAbort', () => {
  it('calls all callbacks once, in order, and leaves no listener', () => {
    const controller = new AbortController();
    const calls: string[] = [];
    onAbort(controller.signal, () => calls.push('a'));
    const stop = onAbort(controller.signal, () => calls.push('never'));
    onAbort(controller.signal, () => calls.push('b'));
    stop();
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    expect(calls).toEqual(['a', 'b']);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    onAbort(controller.signal, () => calls.push('late'));
    expect(calls).toEqual(['a', 'b', 'late']);
  });

  it('treats a function subscribed twice as two callbacks, and may be used again', () => {
    const { signal } = new AbortController();
    const callback = () => undefined;
    const stops = [onAbort(signal, callback), onAbort(signal, callback)];
    stops[0]?.();
    stops[0]?.();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    stops[1]?.();
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    const stop = onAbort(signal, callback);
    stops[1]?.();
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    stop();
  });
});

describe('followSignal', () => {
  it('follows with the reason until released', () => {
    const outer = new AbortController();
    const [following, released] = [followSignal(outer.signal), followSignal(outer.signal)];
    released.release();
    outer.abort('because');
    expect(following.signal.reason).toBe('because');
    expect(released.signal.aborted).toBe(false);
    expect(followSignal(outer.signal).signal.aborted).toBe(true);
    expect(followSignal(undefined).signal.aborted).toBe(false);
  });
});
