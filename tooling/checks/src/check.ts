import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkClient } from './check-client.ts';
import { checkConformance } from './check-conformance.ts';
import { checkConsumers } from './check-consumers.ts';
import { checkManifests } from './check-manifests.ts';
import { checkRuntimes } from './check-runtimes.ts';
import { checkWorkflows } from './check-workflows.ts';
import { packPackages } from './pack-packages.ts';
import { runCommand } from './run-command.ts';

interface Check {
  readonly name: string;
  run(): Promise<unknown>;
}

const command = (name: string, program: string, ...parameters: readonly string[]): Check => ({
  name,
  run: () => runCommand(program, parameters),
});

/** `npm run check`: everything about the code that is not a test. Runs all of it, and says what failed. */
const main = async (): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'cpg-check-'));
  const { libraries, programs } = await packPackages(folder);
  const checks: readonly Check[] = [
    command('format and lint', 'biome', 'ci', '--error-on-warnings', '.'),
    command('types', 'turbo', 'run', 'types', '--output-logs=errors-only'),
    command('import boundaries', 'turbo', 'boundaries'),
    command('changesets', 'changeset', 'status'),
    checkManifests(),
    ...checkWorkflows(),
    command('public API', 'node', 'tooling/checks/src/api-reports.ts', '--check'),
    command('unused files, exports and dependencies', 'knip', '--treat-config-hints-as-errors'),
    command('what real clients send', 'node', 'tooling/checks/src/real-clients.ts', '--check'),
    command('package sizes', 'turbo', 'run', 'size', '--output-logs=errors-only'),
    ...[...libraries, ...programs].map(({ name, file }) =>
      command(`publint ${name}`, 'publint', '--strict', file),
    ),
    // Node 20.19 and newer read `exports`; what only knows `main` (profile node10) is not supported.
    ...libraries.map(({ name, file }) =>
      command(`are the types wrong ${name}`, 'attw', '--profile', 'node16', file),
    ),
    ...checkConsumers(folder, libraries),
    ...checkClient(folder, libraries),
    ...checkRuntimes(folder, libraries),
    ...checkConformance(folder, [...libraries, ...programs]),
  ];
  let failed = 0;
  for (const { name, run } of checks) {
    const start = performance.now();
    let fault: unknown;
    let skipped: readonly string[] = [];
    try {
      skipped = String(await run()).match(/^SKIPPED.*$/gm) ?? [];
    } catch (error) {
      fault = error;
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(`${fault === undefined ? 'ok    ' : 'FAILED'}  ${name}  ${seconds} s\n`);
    for (const line of skipped) process.stdout.write(`        ${line}\n`);
    if (fault === undefined) continue;
    failed += 1;
    process.stdout.write(`${fault instanceof Error ? fault.message : String(fault)}\n`);
  }
  await rm(folder, { recursive: true });
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
};

process.exitCode = await main();
