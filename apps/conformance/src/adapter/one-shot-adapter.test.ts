import { afterEach, expect, it } from 'vitest';
import type { Adapter, CallCommand } from './adapter.ts';
import { oneShotAdapter } from './one-shot-adapter.ts';

const started: Adapter[] = [];
const start = async (commandLine: string): Promise<Adapter> => {
  const adapter = await oneShotAdapter(commandLine);
  started.push(adapter);
  return adapter;
};
afterEach(async () => {
  for (const adapter of started.splice(0)) await adapter.stop();
});

const CALL: CallCommand = {
  baseUrl: 'http://127.0.0.1:9',
  keyId: 'ck_1',
  secret: Buffer.from('secret'),
  operation: 'ping',
  args: {},
};
const SIGN = {
  now: 1,
  method: 'GET',
  target: '/',
  body: Buffer.alloc(0),
  keyId: 'k',
  secret: Buffer.from('s'),
};

it.each<[name: string, printed: string, response: object]>([
  ['an envelope', '{"success":true,"data":{"pong":true}}\\n200', { ok: true, data: { pong: true } }],
  ['a body that is none', 'hello\\n200', { ok: true, data: 'hello' }],
  [
    'a rejection',
    '{"a":1}\\n403\\n',
    { ok: false, error: { kind: 'status', status: 403, message: '{"a":1}' } },
  ],
  ['no response', '\\n000', { ok: false, error: { kind: 'status', status: 0, message: '' } }],
])('reads %s', async (_name, printed, response) => {
  const adapter = await start(`printf '${printed}'`);
  expect(await adapter.call(CALL)).toEqual(response);
});

it.each([
  ['waits for commands on standard input', 'cat'],
  ['prints nothing', 'true'],
  ['prints no status', 'echo hello'],
])('gives up on a command that %s', async (_name, commandLine) => {
  const adapter = await start(commandLine);
  await expect(adapter.call(CALL)).rejects.toThrow(
    'the command did not print a status on its last line: --one-shot expects it to read CPG_COMMAND (here `call`)',
  );
  await expect(adapter.subject.sign(SIGN)).rejects.toThrow(
    '--one-shot expects it to read CPG_COMMAND (here `call`)',
  );
  expect(adapter.output).toThrow('--one-shot expects it to read CPG_COMMAND');
});

it('continues after a failure when an earlier run was valid', async () => {
  const adapter = await start('[ "$CPG_OPERATION" = ping ] && echo 200 || echo nonsense');
  await adapter.call(CALL);
  await expect(adapter.call({ ...CALL, operation: 'other' })).rejects.toThrow(/on its last line$/);
  expect(await adapter.call(CALL)).toMatchObject({ ok: true });
  await expect(adapter.subject.sign(SIGN)).rejects.toThrow(/not a header: --one-shot expects it to read/);
});
