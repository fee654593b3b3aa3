import { z } from 'zod';
import { addressRange, isEveryAddress } from './address-range.ts';
import { findWebhookUrlFault } from './webhooks/webhook-url.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const seconds = z.coerce.number().min(0).max(86_400);

/** Comma-separated, spaces around the commas allowed. */
const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  );

// A range of everybody is no list of proxies: it would let every client say what its address is.
const trustedProxy = addressRange.refine((range) => !isEveryAddress(range), {
  error: ({ input }) => `${input} would trust every client`,
});

const IP_LIMIT_PER_MINUTE = 600;

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
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  CPG_IP_LIMIT_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).optional(),
  CPG_TRUSTED_PROXIES: list.pipe(z.array(trustedProxy)),
  CPG_METRICS: z.enum(['loopback', 'everyone']).default('loopback'),
  CPG_WEBHOOK_URL: z.url().optional(),
  CPG_WEBHOOK_SECRET: z.string().min(16, 'expected at least 16 characters').optional(),
  CPG_WEBHOOK_ALLOWED_HOSTS: list,
  CPG_SANDBOX: z.stringbool().default(false),
  CPG_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
});

export interface Config {
  readonly port: number;
  readonly host: string;
  /** PostgreSQL; the embedded database when absent. */
  readonly databaseUrl: string | undefined;
  /** Shares used signatures and rate limits between processes; each has its own when absent. */
  readonly redisUrl: string | undefined;
  /** Folder of the embedded database and the master key; in memory when absent. */
  readonly dataDir: string | undefined;
  /** 32 bytes in hex that encrypt the secrets at rest. */
  readonly masterKey: string | undefined;
  readonly chainSettleSeconds: number;
  /** Serves `/_sandbox/*`, to loopback only. */
  readonly sandbox: boolean;
  /** Requests per client address and minute, in front of authentication; 0: no limit. */
  readonly ipLimitPerMinute: number;
  /** Addresses and CIDR ranges of the proxies in front; `X-Forwarded-For` counts only from them. */
  readonly trustedProxies: readonly string[];
  /** Who may read `/metrics`. */
  readonly metrics: 'loopback' | 'everyone';
  /** Registered for the demo account at start. */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined;
  /** `host` or `host:port`, exempt from the rules for webhook addresses and ports. */
  readonly webhookAllowedHosts: readonly string[];
  readonly logLevel: z.output<typeof environment>['CPG_LOG_LEVEL'];
}

/** Reads the configuration from environment variables; throws an error that names each faulty one. Empty ones count as absent. */
export const readConfig = (variables: Readonly<Record<string, string | undefined>>): Config => {
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = environment.safeParse(given);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
    throw new Error(`Configuration is not usable:\n  ${faults.join('\n  ')}`);
  }
  const { data } = result;
  if ((data.CPG_WEBHOOK_URL === undefined) !== (data.CPG_WEBHOOK_SECRET === undefined)) {
    throw new Error('Configuration is not usable:\n  CPG_WEBHOOK_URL: goes together with CPG_WEBHOOK_SECRET');
  }
  const rules = { allowedHosts: data.CPG_WEBHOOK_ALLOWED_HOSTS, sandbox: data.CPG_SANDBOX };
  const urlFault = data.CPG_WEBHOOK_URL && findWebhookUrlFault(data.CPG_WEBHOOK_URL, rules);
  if (urlFault) {
    throw new Error(`Configuration is not usable:\n  ${urlFault.replace(/^url/, 'CPG_WEBHOOK_URL')}`);
  }
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    dataDir: data.CPG_DATA_DIR,
    masterKey: data.CPG_MASTER_KEY,
    chainSettleSeconds: data.CPG_CHAIN_SETTLE_SECONDS,
    sandbox: data.CPG_SANDBOX,
    // On a laptop everything comes from one address.
    ipLimitPerMinute: data.CPG_IP_LIMIT_PER_MINUTE ?? (data.CPG_SANDBOX ? 0 : IP_LIMIT_PER_MINUTE),
    trustedProxies: data.CPG_TRUSTED_PROXIES,
    metrics: data.CPG_METRICS,
    webhook:
      data.CPG_WEBHOOK_URL === undefined
        ? undefined
        : { url: data.CPG_WEBHOOK_URL, secret: data.CPG_WEBHOOK_SECRET ?? '' },
    webhookAllowedHosts: data.CPG_WEBHOOK_ALLOWED_HOSTS,
    logLevel: data.CPG_LOG_LEVEL,
  };
};
