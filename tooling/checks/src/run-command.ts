import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './repository-root.ts';

const BINARIES = ['node_modules/.bin', 'tooling/checks/node_modules/.bin'].map((folder) =>
  join(REPOSITORY_ROOT, folder),
);

/** Runs a program, by default in the repository's root, and answers what it printed; fails with that when its exit code is not 0. */
export const runCommand = async (
  program: string,
  parameters: readonly string[],
  cwd: string = REPOSITORY_ROOT,
): Promise<string> => {
  const child = spawn(program, parameters, {
    cwd,
    env: { ...process.env, PATH: [...BINARIES, process.env.PATH].join(':') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (text: string) => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${parameters.join(' ')} ended with ${code}:\n${output}`);
  return output;
};
