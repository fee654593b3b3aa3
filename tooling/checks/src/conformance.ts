import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { REPOSITORY_ROOT } from './repository-root.ts';
import { spawnGateway } from './spawn-gateway.ts';

/** `npm run conformance`: starts the reference gateway, runs the whole suite against the client and the gateway, and stops it. */
const main = async (): Promise<number> => {
  const gateway = await spawnGateway({ CPG_SANDBOX: 'true' });
  try {
    const suite = spawn(
      process.execPath,
      [
        'apps/conformance/dist/main.js',
        'run',
        ...['--exec', `${process.execPath} packages/client/conformance/adapter.ts`],
        ...['--url', gateway.url, '--clock-url', `${gateway.url}/_sandbox/clock`],
        ...['--keys', 'apps/conformance/demo-keys.json'],
        ...process.argv.slice(2),
      ],
      { cwd: REPOSITORY_ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [code] = (await once(suite, 'exit')) as [number | null];
    return code ?? 3;
  } finally {
    await gateway.stop();
  }
};

process.exitCode = await main();
