import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { findFreePort } from '@cpg/test-support/ports';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from './program.ts';

const run = promisify(execFile);

// Inside this package, where the imports of the README resolve.
let folder: string;
let gateway: GatewayProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(REPOSITORY_ROOT, 'tooling/checks/node_modules/.readme-'));
  gateway = await startBuiltGateway();
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true });
});

/** Writes the README's program under a heading to a file, unchanged. */
const writeExample = async (heading: string): Promise<string> => {
  const readme = await readFile(join(REPOSITORY_ROOT, 'README.md'), 'utf8');
  const program = readme.split(`\n## ${heading}\n`)[1]?.match(/```ts\n([\s\S]*?)```/)?.[1];
  if (program === undefined)
    throw new Error(`Expected a program under "${heading}" in the README: got none.`);
  const file = join(folder, `${heading.toLowerCase().replaceAll(' ', '-')}.mjs`);
  await writeFile(file, program);
  return file;
};

const FULL_KEY = { CPG_KEY_ID: 'ck_demo_full', CPG_SECRET: 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION' };

describe('the README', () => {
  it('has a program for integrators that withdraws', async () => {
    const env = { ...process.env, ...FULL_KEY, CPG_BASE_URL: gateway.url };
    await run(process.execPath, [await writeExample('Integrators')], { env });
    // 95 and the fee of 5 are held: the demo balance had 1300 available.
    const balances = await run('node', ['examples/node-client/balances.mjs'], { cwd: REPOSITORY_ROOT, env });
    expect(balances.stdout).toBe('available 1200.000000\n');
  });

  describe('has a program for service teams', () => {
    let service: ChildProcess;
    afterAll(() => service.kill());

    it('that serves a signed balance read', async () => {
      const port = await findFreePort();
      const secret = 'readme-acme-DO-NOT-USE-IN-PRODUCTION';
      service = spawn(process.execPath, [await writeExample('Service teams')], {
        env: { ...process.env, PORT: String(port), ACME_SECRET: secret },
        stdio: 'inherit',
      });
      const env = {
        ...process.env,
        CPG_BASE_URL: `http://127.0.0.1:${port}`,
        CPG_KEY_ID: 'ck_acme',
        CPG_SECRET: secret,
      };
      const isListening = () =>
        fetch(env.CPG_BASE_URL).then(
          () => true,
          () => false,
        );
      await expect.poll(isListening).toBe(true);
      const { stdout } = await run('node', ['examples/node-client/balances.mjs'], {
        cwd: REPOSITORY_ROOT,
        env,
      });
      expect(stdout).toBe('available 2.00\n');
    });
  });
});
