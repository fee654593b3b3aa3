import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { describeWithProgram } from '@cpg/test-support';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from './repository-root.ts';

const run = promisify(execFile);

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startBuiltGateway();
});
afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
});

// All examples send the same request: in the same second it would have the same signature, a replay.
const untilNextSecond = () => new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));

const environment = (secret?: string) => ({
  ...process.env,
  CPG_BASE_URL: gateway.url,
  ...(secret === undefined ? {} : { CPG_SECRET: secret }),
});

const itReadsTheBalance = (program: string, file: string) => {
  it('prints the documented balance', async () => {
    await untilNextSecond();
    const { stdout } = await run(program, [file], { cwd: REPOSITORY_ROOT, env: environment() });
    expect(stdout).toBe('available 1300.000000\n');
  });

  it('fails with the gateway’s words when the secret is wrong', async () => {
    const refused = await run(program, [file], { cwd: REPOSITORY_ROOT, env: environment('wrong') }).catch(
      (error: { readonly code: number; readonly stderr: string }) => error,
    );
    expect(refused).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining('Invalid signature'),
    });
  });

  it('takes its signature to no other address', async () => {
    const arrived: string[] = [];
    const listen = async (answer: (response: ServerResponse) => void) => {
      const server = createServer((request, response) => {
        arrived.push(`${request.headers.host}`);
        answer(response);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
    };
    const elsewhere = await listen((response) => response.end('{}'));
    const moved = await listen((response) =>
      response.writeHead(302, { Location: `http://${elsewhere.host}/v1/balances` }).end(),
    );
    const env = { ...process.env, CPG_BASE_URL: `http://${moved.host}` };
    const refused = run(program, [file], { cwd: REPOSITORY_ROOT, env });
    await expect(refused).rejects.toMatchObject({ code: 1 });
    expect(arrived).toEqual([moved.host]);
    for (const { server } of [elsewhere, moved]) {
      server.closeAllConnections();
      server.close();
    }
  });
};

describeWithProgram('curl', 'examples/bash', () => itReadsTheBalance('bash', 'examples/bash/balances.sh'));
describeWithProgram('python3', 'examples/python', () =>
  itReadsTheBalance('python3', 'examples/python/balances.py'),
);
describeWithProgram('php', 'examples/php', () => itReadsTheBalance('php', 'examples/php/balances.php'));
describe('examples/node-fetch', () =>
  itReadsTheBalance(process.execPath, 'examples/node-fetch/balances.mjs'));
describe('examples/node-client', () =>
  itReadsTheBalance(process.execPath, 'examples/node-client/balances.mjs'));
