import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './program.ts';

// Without this check, a pattern in vitest.config.ts that matches no file passes every threshold.
const assertCoverage = async (): Promise<void> => {
  const summary: unknown = JSON.parse(
    await readFile(join(REPOSITORY_ROOT, 'coverage/coverage-summary.json'), 'utf8'),
  );
  const measured = Object.keys(summary as object);
  for (const folder of ['packages/protocol/src', 'packages/server-middleware/src']) {
    if (measured.some((file) => file.includes(folder))) continue;
    process.stdout.write(
      `Expected coverage of ${folder}: got no file. Fix: coverage.include in vitest.config.ts.\n`,
    );
    process.exitCode = 1;
  }
};

if (process.env.CI === 'true') await assertCoverage();
else process.stdout.write('SKIPPED: coverage (measured with CI=true)\n');
