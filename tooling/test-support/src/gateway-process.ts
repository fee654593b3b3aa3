import { fileURLToPath } from 'node:url';
import { type StartedProcess, startProcess } from './processes.ts';

/** The folder of the whole repository. */
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** A reference gateway in a process of its own. */
export interface GatewayProcess extends StartedProcess {
  readonly url: string;
  /** Where metrics and, in the sandbox, `/_sandbox` are. */
  readonly operationsUrl: string;
}

const OPERATIONS = /^Operations (http:\/\/\S+)$/m;
const READY = /^CPG gateway ready on (http:\/\/\S+)$/m;

type Environment = Readonly<Record<string, string>>;

const start = async (command: readonly string[], environment: Environment): Promise<GatewayProcess> => {
  const started = await startProcess({
    command,
    cwd: REPOSITORY,
    environment: { PORT: '0', ...environment },
    ready: READY,
  });
  return {
    ...started,
    url: READY.exec(started.printed)?.[1] ?? '',
    operationsUrl: OPERATIONS.exec(started.printed)?.[1] ?? '',
  };
};

/** Starts the built gateway as `npm run sandbox` does, on a free loopback port. */
export const startBuiltGateway = (environment: Environment = {}): Promise<GatewayProcess> =>
  start([process.execPath, 'apps/gateway/dist/main.js'], { CPG_SANDBOX: 'true', ...environment });

/** Starts the gateway from its sources, on a free loopback port; under another program when one is given. */
export const startGatewayFromSources = (
  environment: Environment,
  wrapper: readonly string[] = [],
): Promise<GatewayProcess> =>
  start([...wrapper, process.execPath, '--conditions=@cpg/source', 'apps/gateway/src/main.ts'], environment);
