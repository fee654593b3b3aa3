import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Plan } from '../core/run.ts';
import { UsageError } from './inputs.ts';
import { planServer } from './server-command.ts';

const DEMO = new URL('../../demo-keys.json', import.meta.url).pathname;
const PLAN = { add: () => undefined } as unknown as Plan;
const URL_OF_SERVER = 'http://127.0.0.1:1';

const withoutEdges = (): string => {
  const { ipEdges: _edges, ...keys } = JSON.parse(readFileSync(DEMO, 'utf8')) as Record<string, unknown>;
  const file = join(mkdtempSync(join(tmpdir(), 'cpg-')), 'keys.json');
  writeFileSync(file, JSON.stringify(keys));
  return file;
};

it('needs the role ipEdges for a proxy, and says where it is missing', () => {
  const keys = withoutEdges();
  const plan = () => planServer(PLAN, { url: URL_OF_SERVER, keys, proxyAddress: '127.0.0.9' });
  expect(plan).toThrow(UsageError);
  expect(plan).toThrow(`--proxy-address needs the role ipEdges in ${keys}`);
  expect(() => planServer(PLAN, { url: URL_OF_SERVER, keys })).not.toThrow();
});

it('names the option whose URL cannot be used', () => {
  const peerUrl = 'https://peer';
  const plan = () => planServer(PLAN, { url: URL_OF_SERVER, keys: DEMO, peerUrl });
  expect(plan).toThrow('--peer-url must be http://host:port without a path');
});
