import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import * as middleware from './index.ts';

const PACKAGE = join(import.meta.dirname, '..');
const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8');
const DOCUMENTATION = readFileSync(join(PACKAGE, '../../apps/docs/packages/server-middleware.md'), 'utf8');
// Inside the package, so that the programs can import it by its name.
const folder = mkdtempSync(join(PACKAGE, '.readme-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the documentation takes for granted: the reader's own database, app and handlers, and packages that are not ours. */
const GLOBALS = `
declare const app: import('express').Express;
declare const database: { findKey(keyId: string): Promise<import('@cpg/server-middleware').CpgKey | undefined> };
declare const ledger: {
  balances(
    accountId: string,
    query: { currency?: string | undefined; network?: string | undefined },
  ): Promise<import('@cpg/protocol').Balance[]>;
};
declare const handler: import('express').RequestHandler;
declare const options: Pick<import('@cpg/server-middleware').CpgAuthOptions, 'keys' | 'store'>;
declare const list: readonly import('@cpg/server-middleware/core').Route[];
`;

const blocks = [...DOCUMENTATION.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, program]) => program as string);

/** The code between single backticks that a reader would copy: an arrow function, or a call with a text or an option. */
const spans = [...DOCUMENTATION.replaceAll(/```[\s\S]*?```/g, '').matchAll(/`([^`]+)`/g)]
  .map(([, code]) => (code as string).replaceAll(/\s+/g, ' ').replaceAll('…', '{}'))
  .filter((code) => /=>|\w\('|\(\{ \w+: /.test(code));

/** One module with every span: a call as it is, an option as the only option. */
const createSpanModule = (): string => {
  const lines = spans.map((code, index) => {
    const isOption = /^\w+: /.test(code);
    return isOption
      ? `export const option${index}: Partial<cpg.CpgAuthOptions> = { ${code} };`
      : `export const call${index} = () => ${code.startsWith('(') ? `(${code})` : code};`;
  });
  const names = Object.keys(middleware).filter((name) => lines.some((line) => line.includes(`${name}(`)));
  const named = Object.keys(middleware).filter((name) => lines.some((line) => line.includes(`: ${name} `)));
  return [
    `import type * as cpg from '@cpg/server-middleware';`,
    `import { ${[...new Set([...names, ...named])].join(', ')} } from '@cpg/server-middleware';`,
    `import express from 'express';`,
    ...lines,
    'export type Options = cpg.CpgAuthOptions;',
  ].join('\n');
};

it('the examples of the documentation, also those inside a sentence, compile under strict', async () => {
  expect(blocks.length).toBeGreaterThan(2);
  expect(spans).toContain("app.get('/v1/balances', requirePermission('read_balance'), handler)");
  expect(spans).toContain('express.json({ verify: captureRawBody })');
  writeFileSync(join(folder, 'globals.d.ts'), GLOBALS);
  for (const [index, block] of blocks.entries()) writeFileSync(join(folder, `block-${index}.ts`), block);
  writeFileSync(join(folder, 'spans.ts'), createSpanModule());
  const config = {
    extends: '@cpg/tsconfig/base.json',
    // The types of redis do not accept an environment variable with it.
    compilerOptions: { exactOptionalPropertyTypes: false, experimentalDecorators: true },
    include: ['*.ts'],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  const tsc = join(PACKAGE, '../../node_modules/.bin/tsc');
  const output = await promisify(execFile)(tsc, ['--project', folder], { cwd: PACKAGE }).then(
    ({ stdout }) => stdout,
    (error: Error & { readonly stdout?: string }) => error.stdout ?? error.message,
  );
  expect(output).toBe('');
});

it('the README has only examples of the documentation', () => {
  const examples = README.match(/^```[\s\S]*?^```/gm) ?? [];
  expect(examples.length).toBeGreaterThan(0);
  expect(examples.filter((example) => !DOCUMENTATION.includes(example))).toEqual([]);
});
