import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeWithProgram } from '@cpg/test-support/programs';
import { DCLinter } from 'dclint';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../config.ts';

const locate = (path: string): string => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const NGINX_CONF = locate('apps/gateway/operations/nginx.conf');

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: { readonly default: { readonly ipv4_address: string } };
}
const { services } = parse(readFileSync(locate('compose.yaml'), 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
};
const gateways = Object.entries(services).filter(([name]) => name.startsWith('gateway-'));

describeWithProgram('nginx', 'operations/nginx.conf', () => {
  it('is valid', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cpg-nginx-'));
    // Exits with 1 and the line of the mistake.
    execFileSync('nginx', ['-t', '-q', '-p', folder, '-e', 'stderr', '-c', NGINX_CONF]);
    rmSync(folder, { recursive: true });
  });
});

it('nginx.conf names the addresses of the gateways in compose.yaml', () => {
  const inNginx = [...readFileSync(NGINX_CONF, 'utf8').matchAll(/^\s+server ([\d.]+):8787 /gm)].map(
    ([, address]) => address,
  );
  expect(inNginx).toEqual(gateways.map(([, { networks }]) => networks?.default.ipv4_address));
  expect(inNginx).toHaveLength(2);
});

it('the environment of the gateways in compose.yaml is a valid configuration', () => {
  for (const [, { environment = {} }] of gateways) {
    const given = Object.entries(environment).map(([name, value]): [string, string] => [
      name,
      String(value)
        .replaceAll(/\$\{CPG_MASTER_KEY[^}]*\}/g, 'ab'.repeat(32))
        .replaceAll(/\$\{POSTGRES_PASSWORD[^}]*\}/g, 'a-password')
        .replaceAll(/\$\{CPG_OTHER_MASTER_KEYS:-\}/g, ''),
    ]);
    expect(parseConfig(Object.fromEntries(given))).toMatchObject({
      databaseUrl: 'postgresql://cpg:a-password@postgres:5432/cpg',
      sandbox: false,
    });
  }
});

it('compose.yaml conforms to the schema of Compose', () => {
  const linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] });
  const [result] = linter.lintFiles([locate('compose.yaml')], false);
  // Warnings are about the order of keys.
  expect(result?.errorCount === 0 ? [] : result?.messages).toEqual([]);
});
