/**
 * `npm run check`: has turbo run every check, and counts. turbo skips a task without a script and has no count of the tasks that passed,
 * so the expected tasks are listed here: one that failed, was not run or has no script is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ignoreClosedPipes, REPOSITORY_ROOT } from './program.ts';

const LIBRARIES = ['protocol', 'client', 'server-middleware'];
const PUBLISHED = [...LIBRARIES, 'conformance'];
const WORKSPACES = ['packages', 'apps', 'tooling'].flatMap((folder) =>
  readdirSync(join(REPOSITORY_ROOT, folder)).filter((name) =>
    existsSync(join(REPOSITORY_ROOT, folder, name, 'tsconfig.json')),
  ),
);
const REPOSITORY = ['checks'];

/** The tasks of `turbo.json`, each with the packages whose script it runs. */
const CHECKS: Readonly<Record<string, readonly string[]>> = {
  format: REPOSITORY,
  boundaries: REPOSITORY,
  changesets: REPOSITORY,
  unused: REPOSITORY,
  workflows: REPOSITORY,
  manifests: REPOSITORY,
  'real-clients': REPOSITORY,
  types: WORKSPACES,
  api: LIBRARIES,
  size: ['protocol', 'client'],
  publint: PUBLISHED,
  attw: LIBRARIES,
  'consumer:versions': REPOSITORY,
  'consumer:esm': REPOSITORY,
  'consumer:cjs': REPOSITORY,
  'consumer:types-nodenext': REPOSITORY,
  'consumer:types-express4': REPOSITORY,
  'consumer:types-bundler': REPOSITORY,
  'consumer:core': REPOSITORY,
  'consumer:client': REPOSITORY,
  'consumer:types-plain': REPOSITORY,
  'consumer:zod3': REPOSITORY,
  'consumer:vectors': REPOSITORY,
  'consumer:runtimes': REPOSITORY,
  'consumer:conformance': REPOSITORY,
};

const SUMMARIES = join(REPOSITORY_ROOT, '.turbo/runs');

/** Runs the tasks; returns the ids of those that ended with exit code 0. */
const runTasks = (): ReadonlySet<string> => {
  rmSync(SUMMARIES, { recursive: true, force: true });
  const parameters = ['run', ...Object.keys(CHECKS), '--continue=always', '--summarize'];
  spawnSync('turbo', [...parameters, '--concurrency=3'], { cwd: REPOSITORY_ROOT, stdio: 'inherit' });
  const [summary] = existsSync(SUMMARIES) ? readdirSync(SUMMARIES) : [];
  if (summary === undefined) return new Set();
  const { tasks } = JSON.parse(readFileSync(join(SUMMARIES, summary), 'utf8')) as {
    readonly tasks: readonly {
      readonly taskId: string;
      readonly command: string;
      readonly execution?: { readonly exitCode?: number | null };
    }[];
  };
  const passed = tasks.filter(
    ({ command, execution }) => command !== '<NONEXISTENT>' && execution?.exitCode === 0,
  );
  return new Set(passed.map(({ taskId }) => taskId));
};

ignoreClosedPipes();
const passed = runTasks();
const expected = Object.entries(CHECKS).flatMap(([task, names]) =>
  names.map((name) => `@cpg/${name}#${task}`),
);
const failed = expected.filter((id) => !passed.has(id));
for (const id of failed) process.stdout.write(`FAILED  ${id}\n`);
process.stdout.write(`${expected.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
