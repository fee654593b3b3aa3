import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type CreateProgram, runAdministration } from '@cpg/test-support/gateway/administration';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { accountsProgram } from './administration/accounts-program.ts';
import { currenciesProgram } from './administration/currencies-program.ts';
import { keysProgram } from './administration/keys-program.ts';
import { masterKeyProgram } from './administration/master-key-program.ts';
import { webhooksProgram } from './administration/webhooks-program.ts';

const FOLDER = fileURLToPath(new URL('..', import.meta.url));

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ chainSettleSeconds: 1 });
  gateway.clock.freeze(null);
});
afterAll(() => gateway.close());

it('the walkthrough in the documentation works', async () => {
  const page = await readFile(`${FOLDER}/../docs/packages/gateway.md`, 'utf8');
  const walk = /^```js walk\n([\s\S]+?)^```$/m.exec(page)?.[1];
  const child = spawn(process.execPath, ['--conditions=@cpg/source', '--input-type=module'], {
    cwd: FOLDER,
    env: { ...process.env, CPG_BASE_URL: gateway.url, CPG_SANDBOX_URL: gateway.operationsUrl },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(walk);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect({ output, errors }).toEqual({
    output: [
      'deposit confirmed: 25.500000 USDT',
      'withdrawal confirmed: 10.000000 USDT and a fee of 5.000000',
      'webhook deposit.detected: 25.500000',
      'webhook deposit.confirmed: 25.500000',
      'webhook withdrawal.broadcasted: 10.000000',
      'webhook withdrawal.confirmed: 10.000000',
      '',
    ].join('\n'),
    errors: '',
  });
});

/** By the name of its npm script. The audit has no options, and `ledger/audit.test.ts`. */
const PROGRAMS: Readonly<Record<string, CreateProgram | undefined>> = {
  accounts: accountsProgram,
  currencies: currenciesProgram,
  keys: keysProgram,
  'master-key': masterKeyProgram,
  webhooks: webhooksProgram,
};

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/;

it('the commands in the documentation work, one after the other', async () => {
  const page = await readFile(`${FOLDER}/../docs/packages/gateway.md`, 'utf8');
  const lines = [...page.matchAll(/^npm run gateway:(\S+)(?: -- (.*?))?(?: +#.*)?$/gm)];
  expect(lines.length).toBeGreaterThan(12);
  const printed: string[] = [];
  for (const [line, name = '', typed = ''] of lines) {
    if (name === 'audit') continue;
    const program = PROGRAMS[name];
    if (program === undefined) throw new Error(`Expected a program of the gateway: got ${line}.`);
    // The reader puts in what a command before has printed.
    const keyId = /\bck_[0-9A-Za-z]+/.exec(printed.toReversed().join('\n'))?.[0] ?? '';
    const webhookId = /\b(\d+)\b/.exec(printed.at(-1) ?? '')?.[1] ?? '';
    const deliveryId = UUID.exec(printed.toReversed().join('\n'))?.[0] ?? '';
    const parameters = [...typed.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain = '']) =>
      (quoted ?? plain)
        .replace('ck_…', keyId)
        .replace('0xA0b8…', '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48')
        .replace(/^7$/, webhookId)
        .replace('<id>', deliveryId),
    );
    printed.push(await runAdministration(gateway, program, parameters));
  }
  expect(printed.at(-1)).toMatch(/\w/);
});

it.each(['operating.md', 'scaling.md'])('PostgreSQL accepts the statements in docs/%s', async (file) => {
  const guide = await readFile(`${FOLDER}/docs/${file}`, 'utf8');
  const scripts = [...guide.matchAll(/^( *)```sql\n([\s\S]*?)^ *```/gm)].map(([, , script = '']) => script);
  expect(scripts.length).toBeGreaterThan(0);
  const undo = new Error('undo');
  const attempt = gateway.db.transaction().execute(async (db) => {
    await sql`CREATE ROLE cpg`.execute(db);
    for (const statement of scripts.flatMap((script) => script.split(/;$/m)))
      if (statement.trim() !== '') await sql.raw(statement).execute(db);
    throw undo;
  });
  await expect(attempt).rejects.toBe(undo);
});
