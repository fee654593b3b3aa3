import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setUpCli, startCpg, type TestWorld } from '@cpg/test-support/client/cli';
import { SECRET } from '@cpg/test-support/client/fixtures';
import { itInCi } from '@cpg/test-support/programs';
import { beforeEach, expect, it } from 'vitest';
import { run } from './program.ts';

const { cpg: runCommand, gateway, folder } = setUpCli(run);
beforeEach(() => {
  gateway().reply('ping', { data: { pong: true } });
});

const cpg = (argv: readonly string[], world: TestWorld = {}) => runCommand(argv, { env: {}, ...world });
const getBaseUrl = () => gateway().clientOptions.baseUrl;
const login = (world: TestWorld = {}, ...more: readonly string[]) =>
  cpg(['login', '--base-url', getBaseUrl(), '--key-id', 'ck_test', ...more], {
    input: `${SECRET}\n`,
    ...world,
  });
const getPath = (profile = 'default') => join(folder(), 'cpg', `${profile}.json`);

it('stores the piped secret after a ping, readable only by its owner, and uses it', async () => {
  expect(await login()).toEqual({
    ...{ code: 0, err: '', out: `Stored profile default (key ck_test at ${getBaseUrl()}) in ${getPath()}.` },
  });
  expect(statSync(getPath()).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder(), 'cpg')).mode & 0o777).toBe(0o700);
  expect(JSON.parse(readFileSync(getPath(), 'utf8'))).toEqual({
    ...{ baseUrl: getBaseUrl(), keyId: 'ck_test', secret: SECRET },
  });
  expect(await cpg(['ping'])).toMatchObject({ code: 0 });
});

it('asks for what is missing on a terminal', async () => {
  const { err } = await cpg(['login', '--profile', 'live'], { answers: [getBaseUrl(), 'ck_test', SECRET] });
  expect(err).toBe('Gateway, e.g. https://api.example.com: \nKey ID: \nSecret (not shown): ');
  expect(await cpg(['ping', '--profile', 'live'])).toMatchObject({ code: 0 });
});

it('replaces a profile that others could read', async () => {
  mkdirSync(join(folder(), 'cpg'));
  writeFileSync(getPath(), '{}');
  chmodSync(getPath(), 0o644);
  expect(await cpg(['ping'])).toMatchObject({ code: 2, err: expect.stringContaining('chmod 600') });
  await login();
  expect(statSync(getPath()).mode & 0o777).toBe(0o600);
});

it.each<[string, TestWorld, readonly string[], number, string]>([
  ['a wrong secret', { input: 'wrong' }, [], 1, 'authentication_failed'],
  ['no secret', { input: '' }, [], 2, 'Missing secret: enter it, or pipe it to standard input.'],
  ['a path as its name', {}, ['--profile', '../x'], 2, 'The name of a profile must be 1–64 characters'],
  ['an http gateway elsewhere', {}, ['--base-url', 'http://example.com'], 2, 'must begin with https://'],
])('stores nothing for %s', async (_name, world, more, code, problem) => {
  expect(await login(world, ...more)).toMatchObject({ code, err: expect.stringContaining(problem) });
  expect(() => statSync(getPath())).toThrow('ENOENT');
});

it('stores without a call with --no-check', async () => {
  await login({ input: 'not checked' }, '--no-check');
  expect(gateway().requests).toHaveLength(0);
  expect(JSON.parse(readFileSync(getPath(), 'utf8')).secret).toBe('not checked');
});

it('lists profiles without secrets, and deletes them', async () => {
  await login({}, '--profile', 'live');
  writeFileSync(getPath('open'), '{}', { mode: 0o644 });
  const { out } = await cpg(['profiles']);
  expect(out).toMatch(/^PROFILE +KEY +GATEWAY\nlive +ck_test +http:\S+\nopen +\S+ must not be readable/);
  expect(JSON.parse((await cpg(['profiles', '--json'])).out)).toMatchObject({
    ...{ data: [{ profile: 'live', key_id: 'ck_test' }, { profile: 'open' }], data_count: 2 },
  });
  expect(await cpg(['logout', '--profile', 'live'])).toMatchObject({ code: 0, out: 'Deleted profile live.' });
  expect(await cpg(['ping', '--profile', 'live'])).toMatchObject({
    code: 2,
    err: 'There is no profile live (profiles: open). Fix: cpg login --profile live',
  });
});

it('prefers --profile to the environment, and the environment to the default profile', async () => {
  await login();
  const stale = { CPG_SECRET: 'stale' };
  expect(await cpg(['ping'], { env: stale })).toMatchObject({ code: 1 });
  expect(await cpg(['ping', '--profile', 'default'], { env: stale })).toMatchObject({ code: 0 });
  expect(await cpg(['ping'], { env: { CPG_SECRET: '' } })).toMatchObject({ code: 0 });
  expect(await cpg(['ping', '--profile', 'default', '--credentials', getPath()])).toMatchObject({
    ...{ code: 2, err: 'Pass --profile or --credentials, not both.' },
  });
  expect(await cpg(['ping'], { env: { CPG_PROFILE: 'other' } })).toMatchObject({ code: 2 });
});

it('ignores a relative XDG_CONFIG_HOME', async () => {
  const env = { XDG_CONFIG_HOME: 'here', HOME: folder() };
  expect((await login({ env })).out).toContain(join(folder(), '.config/cpg/default.json'));
});

itInCi('does not echo the secret that is typed on a terminal', async () => {
  const { child, until, ended } = startCpg(['login'], {
    env: { TERM: 'xterm', XDG_CONFIG_HOME: folder() },
    terminal: true,
  });
  // Each question has its own reader of the terminal; one that stays open would echo the answers to the next.
  for (const [question, answer] of [
    ['Gateway', getBaseUrl()],
    ['Key ID', 'ck_test'],
  ] as const) {
    await until(question);
    child.stdin?.write(`${answer}\r`);
  }
  await until('Secret (not shown): ');
  child.stdin?.write(`${SECRET}\r`);
  const { code, out } = await ended;
  expect([code, out]).toEqual([0, expect.stringContaining('Stored profile default')]);
  expect(out).toMatch(/Secret \(not shown\): \s*Stored/);
  expect(JSON.parse(readFileSync(getPath(), 'utf8')).secret).toBe(SECRET);
});
