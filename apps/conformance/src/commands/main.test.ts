import { captureOutput } from '@cpg/test-support/captured-output';
import { describe, expect, it } from 'vitest';
import { main } from './main.ts';

const output = captureOutput();

const KEYS = new URL('../../demo-keys.json', import.meta.url).pathname;

const SERVER = ['server', '--url', 'http://127.0.0.1:1', '--keys', KEYS];

describe('main', () => {
  it.each<[code: number, argv: readonly string[], text: RegExp]>([
    [0, ['--help'], /Usage: cpg-conformance/],
    [0, ['--version'], /^\d+\.\d+\.\d+/],
    [0, ['explain', 'server-replay-same-bytes'], /spec {6}wire protocol §2 restriction 2/],
    [2, ['explain', 'server-replay-same-byte'], /Did you mean server-replay-same-bytes/],
    [2, ['no-such-command'], /unknown command/],
    [2, ['server'], /required option/],
    [2, ['run'], /run needs --exec <command> .* --url <url> .* or --self/],
    [2, ['run', '--run', 'sign-*'], /run needs --exec/],
    [2, ['vectors'], /vectors needs --adapter <command> .* or --self/],
    [2, ['client'], /client needs --exec <command>/],
    [2, ['vectors', '--self', '--one-shot'], /--one-shot needs an adapter/],
    [2, ['run', '--exec', 'x', '--adapter', 'y'], /two names of one option/],
    [2, [...SERVER, '--clock-url', 'foo'], /--clock-url must be an http URL.*: got foo/],
    [2, [...SERVER, '--store-url', 'ftp://x/'], /--store-url must be an http URL.*: got ftp/],
    [2, [...SERVER, '--peer-url', 'foo'], /--peer-url must be http:\/\/host:port/],
    [2, ['server', '--url', 'https://x', '--keys', KEYS], /must be http/],
    [
      2,
      ['server', '--url', 'http://127.0.0.1:1', '--keys', '/nowhere.json'],
      /cannot be read: \/nowhere\.json/,
    ],
    [2, ['run', '--url', 'http://127.0.0.1:1'], /belong together/],
    [2, ['vectors', '--self', '--expect', KEYS], /known failures must be a list/],
    [3, ['vectors', '--self', '--run', 'nothing-of-this-name'], /\n0 passed, 0 failed\n$/],
    [
      3,
      ['server', '--url', 'http://127.0.0.1:1', '--keys', KEYS, '--run', 'server-replay-s*'],
      /could not start/,
    ],
    [0, ['vectors', '--self', '--run', 'sign-worked-example'], /\n1 passed, 0 failed\n$/],
    [0, ['run', '--self', '--run', 'sign-worked-example'], /\n1 passed, 0 failed\n$/],
  ])('exit code %i for %j', async (code, argv, text) => {
    expect(await main(argv)).toBe(code);
    expect(output.text).toMatch(text);
  });

  it('lists every case once', async () => {
    expect(await main(['list'])).toBe(0);
    const ids = output.text
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(900);
  });
});
