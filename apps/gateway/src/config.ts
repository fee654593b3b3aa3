import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().min(0).max(86_400);

const environment = z.object({
  PORT: port.default(8787),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  CPG_DATA_DIR: z.string().min(1).optional(),
  CPG_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex digits (32 bytes), e.g. from: openssl rand -hex 32')
    .optional(),
  CPG_CHAIN_SETTLE_SECONDS: seconds.default(3),
  CPG_SANDBOX: z.stringbool().default(false),
  CPG_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export interface Config {
  readonly port: number;
  readonly host: string;
  /** PostgreSQL; the embedded database when absent. */
  readonly databaseUrl: string | undefined;
  /** Folder of the embedded database and the master key; in memory when absent. */
  readonly dataDir: string | undefined;
  /** 32 bytes in hex that encrypt the secrets at rest. */
  readonly masterKey: string | undefined;
  readonly chainSettleSeconds: number;
  /** Serves `/_sandbox/*`, to loopback only. */
  readonly sandbox: boolean;
  readonly logLevel: z.output<typeof environment>['CPG_LOG_LEVEL'];
}

/** Reads the configuration from environment variables; throws an error that names each faulty one. Empty ones count as absent. */
export const readConfig = (variables: Readonly<Record<string, string | undefined>>): Config => {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new Error(`Configuration is not usable:\n  ${faults.join('\n  ')}`);
  }
  const { data } = result;
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    dataDir: data.CPG_DATA_DIR,
    masterKey: data.CPG_MASTER_KEY,
    chainSettleSeconds: data.CPG_CHAIN_SETTLE_SECONDS,
    sandbox: data.CPG_SANDBOX,
    logLevel: data.CPG_LOG_LEVEL,
  };
};
