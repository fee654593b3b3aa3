import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { REPOSITORY_ROOT } from '../repository-root.ts';

const NO_VERDICT = 3;

/** Runs the built `cpg-conformance`; answers its exit code and what it printed. Its progress goes to the terminal. */
export const cpgConformance = async (
  parameters: readonly string[],
): Promise<{ readonly code: number; readonly output: string }> => {
  const child = spawn(process.execPath, ['apps/conformance/dist/main.js', ...parameters], {
    cwd: REPOSITORY_ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill());
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const [output, [code]] = await Promise.all([text(child.stdout), ended]);
  return { code: code ?? NO_VERDICT, output };
};
