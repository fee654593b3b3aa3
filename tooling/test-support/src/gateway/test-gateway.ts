import { readFileSync } from 'node:fs';
import { type Config, parseConfig } from '@cpg/gateway/config.ts';
import { type Gateway, startGateway } from '@cpg/gateway/gateway.ts';
import { DEMO_KEYS } from '@cpg/gateway/sandbox/demo.ts';
import { createSandboxMode } from '@cpg/gateway/sandbox/sandbox-mode.ts';
import { createSigningKey, type SigningKey, signRequest } from '@cpg/protocol';
import pino from 'pino';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { type Postgres, startPostgres } from '../postgres.ts';
import { describeInCi, describeWithProgram, isInstalled } from '../programs.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The file with the dump of an empty, migrated embedded database. */
    embeddedDump: string;
  }
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly success: boolean;
    readonly message: string;
    readonly data: unknown;
    readonly data_count?: number;
  };
}

export interface Call {
  readonly keyId?: string;
  /** @default the key of the demo key id */
  readonly key?: SigningKey;
  readonly method?: string;
  readonly body?: unknown;
}

export interface TestGateway extends Gateway {
  /** Restores the initial demo data. */
  reset(): Promise<void>;
  readonly logged: readonly string[];
  /** Signs and sends one request, with a timestamp that no other call uses. */
  call(target: string, call?: Call): Promise<ApiResponse>;
}

/** The Unix second at which the clock of a test gateway is frozen. */
export const TEST_NOW = 1_800_000_000;

/** Starts a sandbox on an embedded database and a free port, with a frozen clock and a captured log. */
export const startTestGateway = async (differences: Partial<Config> = {}): Promise<TestGateway> => {
  const logged: string[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => logged.push(line) });
  const config = {
    ...parseConfig({ PORT: '0', CPG_SANDBOX: 'true' }),
    ...differences,
    dump: new Blob([readFileSync(inject('embeddedDump'))]),
  };
  const sandbox = createSandboxMode(config);
  const gateway = await startGateway(config, logger, config.sandbox ? sandbox : undefined);
  gateway.clock.freeze(TEST_NOW * 1000);
  let calls = 0;
  return {
    ...gateway,
    logged,
    reset: () => sandbox.reset(gateway),
    call: async (target, { keyId = 'ck_demo_full', key, method = 'GET', body } = {}) => {
      const secret = DEMO_KEYS.find((key) => key.keyId === keyId)?.secret ?? 'unknown';
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      calls += 1;
      const { headers } = signRequest({
        keyId,
        key: key ?? createSigningKey(secret),
        method,
        target,
        body: bytes,
        timestamp: Math.floor(gateway.clock.now() / 1000) - 250 + (calls % 500),
      });
      const response = await fetch(`${gateway.url}${target}`, {
        method,
        headers: { ...headers, ...(bytes ? { 'content-type': 'application/json' } : {}) },
        ...(bytes ? { body: bytes } : {}),
      });
      return {
        status: response.status,
        headers: response.headers,
        body: (await response.json()) as ApiResponse['body'],
      };
    },
  };
};

/** Starts a gateway on its own database. */
export type StartTestGateway = (differences?: Partial<Config>) => Promise<TestGateway>;

/**
 * Runs the same tests on the embedded database and on a PostgreSQL server. Outside CI, which runs both, on PostgreSQL alone
 * where it is installed: it takes half as long.
 */
export const describeOnEachDatabase = (body: (start: StartTestGateway) => void): void => {
  const describeEmbedded = isInstalled('postgres') ? describeInCi : describe;
  describeEmbedded('on the embedded database', () => body(startTestGateway));
  describeWithProgram('postgres', 'on PostgreSQL', () => {
    let postgres: Postgres;
    let databases = 0;
    beforeAll(async () => {
      postgres = await startPostgres();
    });
    afterAll(() => postgres.stop());
    body((differences) => {
      databases += 1;
      const url = new URL(postgres.createDatabase(`cpg_${databases}`));
      // A busy machine may take longer than a request may wait for a lock.
      url.searchParams.set('lock_timeout', '60000');
      url.searchParams.set('statement_timeout', '60000');
      const databaseUrl = url.href;
      return startTestGateway({ databaseUrl, masterKey: 'ab'.repeat(32), ...differences });
    });
  });
};
