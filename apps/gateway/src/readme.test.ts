import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, expect, it } from 'vitest';

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
