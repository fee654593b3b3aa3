import { execFile } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { LOOPBACK, listen } from '@cpg/test-support/ports';
import { describeWithProgram } from '@cpg/test-support/programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from './program.ts';

const run = promisify(execFile);

let gateway: GatewayProcess;
beforeAll(async () => {
  gateway = await startBuiltGateway();
});
afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
});

// All examples send the same request, which in the same second has the same signature and is a replay.
const waitUntilNextSecond = () => new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));

const environment = (secret?: string) => ({
  ...process.env,
  CPG_BASE_URL: gateway.url,
  ...(secret === undefined ? {} : { CPG_SECRET: secret }),
});

const itReadsTheBalance = (program: string, file: string) => {
  it('prints the documented balance', async () => {
    await waitUntilNextSecond();
    const { stdout } = await run(program, [file], { cwd: REPOSITORY_ROOT, env: environment() });
    expect(stdout).toBe('available 1300.000000\n');
  });

  it('fails with the gateway’s message when the secret is wrong', async () => {
    const rejected = await run(program, [file], { cwd: REPOSITORY_ROOT, env: environment('wrong') }).catch(
      (error: { readonly code: number; readonly stderr: string }) => error,
    );
    expect(rejected).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining('Invalid signature'),
    });
  });

  it('sends its signature to no other address', async () => {
    const arrived: string[] = [];
    const start = async (respond: (response: ServerResponse) => void) => {
      const server = createServer((request, response) => {
        arrived.push(`${request.headers.host}`);
        respond(response);
      });
      return { server, host: `${LOOPBACK}:${await listen(server)}` };
    };
    const elsewhere = await start((response) => response.end('{}'));
    const moved = await start((response) =>
      response.writeHead(302, { Location: `http://${elsewhere.host}/v1/balances` }).end(),
    );
    const env = { ...process.env, CPG_BASE_URL: `http://${moved.host}` };
    const failed = run(program, [file], { cwd: REPOSITORY_ROOT, env });
    await expect(failed).rejects.toMatchObject({ code: 1 });
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
