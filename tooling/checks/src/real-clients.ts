import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';
import { ignoreClosedPipes, REPOSITORY_ROOT } from './program.ts';

/** `npm run conformance:real-clients`: measures common clients in front of the reference gateway; `-- --check` compares with the page. */
const main = async (): Promise<number> => {
  const gateway = await startBuiltGateway();
  try {
    const measuring = spawn(
      process.execPath,
      [
        '--conditions=@cpg/source',
        'tooling/mutation-testing/src/real-clients/main.ts',
        gateway.url,
        ...process.argv.slice(2),
      ],
      { cwd: REPOSITORY_ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [code] = (await once(measuring, 'exit')) as [number | null];
    return code ?? 1;
  } finally {
    await gateway.stop();
  }
};

ignoreClosedPipes();
process.exitCode = await main();
