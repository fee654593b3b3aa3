import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { findPostgresPrograms } from '../programs.ts';

const locate = (path: string): string =>
  fileURLToPath(new URL(`../../../../apps/gateway/${path}`, import.meta.url));

// In the guide, the audit is started as its users do, which builds it first.
const PRELUDE = `npm() { "$NODE" --conditions=@cpg/source --disable-warning=ExperimentalWarning '${locate('src/audit.ts')}'; }`;

export interface GuideBlock {
  /** Where the commands run. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The user and group id that they run as. @default those of this process */
  readonly owner?: number | undefined;
}

/** Runs the code block with this name in the gateway's operations guide, with bash; returns what it printed. */
export const runGuideBlock = (name: string, { folder, environment, owner }: GuideBlock): string => {
  const guide = readFileSync(locate('docs/operating.md'), 'utf8');
  const script = new RegExp(`^\`\`\`sh ${name}\\n([\\s\\S]+?)^\`\`\`$`, 'm').exec(guide)?.[1];
  if (script === undefined) throw new Error(`The guide has no block "sh ${name}".`);
  const PATH = `${findPostgresPrograms() ?? ''}:${process.env.PATH}`;
  return execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', `${PRELUDE}\n${script}`], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH, NODE: process.execPath, ...environment },
    ...(owner === undefined ? {} : { uid: owner, gid: owner }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
};
