import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { runCommand } from './run-command.ts';

const OWN = '.github/workflows';

/** One check a workflow of GitHub Actions, ours and the one that the suite's documentation gives to its users. */
export const checkWorkflows = () =>
  [
    ...readdirSync(join(REPOSITORY_ROOT, OWN)).map((name) => `${OWN}/${name}`),
    'apps/conformance/docs/github-actions.yml',
  ].map((file) => ({ name: `workflow ${file}`, run: () => runCommand('action-validator', [file]) }));
