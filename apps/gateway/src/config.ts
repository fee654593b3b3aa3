import { z } from 'zod';
import { isLocalHost } from './address-range.ts';
import {
  allowedHost,
  dnsServer,
  host,
  hostName,
  list,
  oneOf,
  retentionDays,
  seconds,
  trustedProxy,
  wholeNumber,
} from './config-values.ts';
import { StartError } from './database/start-error.ts';
import { findWebhookUrlProblem } from './webhooks/url-rules.ts';

const IP_LIMIT_PER_MINUTE = 600;
const RETENTION_DAYS = 30;
const MIN_SECRET_LENGTH = 16;
const MAX_SECRET_LENGTH = 256;
const SECRET_LENGTH_ERROR = `expected ${MIN_SECRET_LENGTH} to ${MAX_SECRET_LENGTH} characters`;

const VARIABLES = {
  PORT: wholeNumber(0, 65_535).default(8787),
  HOST: host.default('127.0.0.1'),
  DATABASE_URL: z
    .url({
      protocol: /^postgres(ql)?$/,
      error: 'expected a URL such as postgresql://user:password@host:5432/name',
    })
    .optional(),
  CPG_DATA_DIR: z
    .string()
    .regex(/^\S(?:.*\S)?$/s, { error: 'expected the path of a folder, without spaces around it' })
    .optional(),
  CPG_MASTER_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex digits (32 bytes), e.g. from: openssl rand -hex 32')
    .optional(),
  CPG_OTHER_MASTER_KEYS: list.pipe(
    z.array(z.string().regex(/^[0-9a-f]{64}$/, 'expected keys of 64 lowercase hex digits, comma-separated')),
  ),
  CPG_CHAIN_SETTLE_SECONDS: seconds(86_400).default(3),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'expected a URL such as redis://user:password@host:6379' })
    .optional(),
  CPG_IP_LIMIT_PER_MINUTE: wholeNumber(0, 1_000_000).optional(),
  CPG_TRUSTED_PROXIES: list.pipe(z.array(trustedProxy)),
  CPG_OPERATIONS_PORT: wholeNumber(0, 65_535).optional(),
  CPG_OPERATIONS_HOST: host.default('127.0.0.1'),
  CPG_OPERATIONS_ALLOWED_HOSTS: list.pipe(z.array(hostName)),
  CPG_WEBHOOK_URL: z.url({ error: 'expected a URL such as https://example.com/hooks' }).optional(),
  CPG_WEBHOOK_SECRET: z
    .string()
    .min(MIN_SECRET_LENGTH, { error: SECRET_LENGTH_ERROR })
    .max(MAX_SECRET_LENGTH, { error: SECRET_LENGTH_ERROR })
    .optional(),
  CPG_WEBHOOK_ACCOUNT: z.string().min(1).max(128).optional(),
  CPG_WEBHOOK_ALLOWED_HOSTS: list.pipe(z.array(allowedHost)),
  CPG_WEBHOOK_RETENTION_DAYS: retentionDays.optional(),
  CPG_WEBHOOK_DNS_SERVERS: list.pipe(z.array(dnsServer)),
  CPG_SANDBOX: z.stringbool({ error: 'expected true or false' }).default(false),
  CPG_DOCUMENTATION_URL: z
    .url({ protocol: /^https?$/, error: 'expected a URL such as https://example.com/docs/' })
    .optional(),
  CPG_LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
};

const environment = z.object(VARIABLES);

// Values of these variables never appear in errors or logs.
const SECRET_VARIABLES: readonly string[] = [
  'DATABASE_URL',
  'REDIS_URL',
  'CPG_MASTER_KEY',
  'CPG_OTHER_MASTER_KEYS',
  'CPG_WEBHOOK_URL',
  'CPG_WEBHOOK_SECRET',
];

// Variables of the client, the conformance suite and the tests, which may run in the same shell.
const OTHER_PROGRAMS =
  /^CPG_(?:BASE_URL|KEY_ID|SECRET|SECRET_FILE|CREDENTIALS|SANDBOX_URL|FUZZ_RUNS|UPDATE_SCREENSHOT|TEST_\w+)$/;

// Kubernetes injects variables for every service, for example one called cpg or cpg-gateway.
const SERVICE_LINK = /_SERVICE_(?:HOST|PORT)(?:_\w+)?$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/;
const isServiceLink = (name: string, value = ''): boolean =>
  SERVICE_LINK.test(name) || (name.endsWith('_PORT') && /^(?:tcp|udp|sctp):/.test(value));

const MAX_SHOWN = 100;

const formatReceived = (name: string, value = ''): string =>
  SECRET_VARIABLES.includes(name) || value.length > MAX_SHOWN
    ? `${value.length} characters`
    : JSON.stringify(value);

type Variables = Readonly<Record<string, string | undefined>>;

// The name with the smallest edit distance, ignoring case.
const findNearest = (name: string, names: readonly string[]): string => {
  const distance = (candidate: string) => getEditDistance(name.toUpperCase(), candidate.toUpperCase());
  return names.reduce((best, next) => (distance(next) < distance(best) ? next : best));
};

/** Levenshtein distance. */
const getEditDistance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === letter ? 0 : 1);
      next.push(Math.min((row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[to.length] ?? 0;
};

/** One message per unknown `CPG_` variable. */
const findUnknown = (given: Variables): readonly string[] => {
  const names = Object.keys(VARIABLES);
  return Object.keys(given)
    .filter((name) => /^CPG_/i.test(name) && !names.includes(name))
    .filter((name) => !OTHER_PROGRAMS.test(name) && !isServiceLink(name, given[name]))
    .map((name) => `${name}: unknown variable. Did you mean ${findNearest(name, names)}?`);
};

export interface WebhookConfig {
  readonly url: string;
  readonly secret: string;
  /** The account whose events are delivered. @default the demo account in the sandbox */
  readonly accountId: string | undefined;
}

export interface Config {
  readonly port: number;
  readonly host: string;
  /** PostgreSQL URL. @default the embedded database */
  readonly databaseUrl: string | undefined;
  /**
   * Redis that shares used signatures and rate limits between processes. @default the memory of the process
   */
  readonly redisUrl: string | undefined;
  /** Folder of the embedded database and the master key. @default in memory */
  readonly dataDir: string | undefined;
  /** 32 bytes in hex; encrypts the secrets at rest. */
  readonly masterKey: string | undefined;
  /** Keys that open secrets and seal none: the previous or the next master key during a rotation. */
  readonly otherMasterKeys: readonly string[];
  readonly chainSettleSeconds: number;
  /** Runs the sandbox: demo accounts, `/_sandbox/*` and the console, on loopback addresses only. */
  readonly sandbox: boolean;
  /** Requests per client address and minute, counted before authentication; 0: no limit. */
  readonly ipLimitPerMinute: number;
  /** Addresses and CIDR ranges of proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[];
  /** The operations port. @default the port of the API + 1000 */
  readonly operationsPort: number | undefined;
  readonly operationsHost: string;
  /** `Host` names that the operations port accepts when it is not on loopback. */
  readonly operationsAllowedHosts: readonly string[];
  /** Registered at start. */
  readonly webhook: WebhookConfig | undefined;
  /** `host` or `host:port`, exempt from the webhook URL rules. */
  readonly webhookAllowedHosts: readonly string[];
  /** Days for which events, deliveries and attempts are kept; 0: for ever. */
  readonly webhookRetentionDays: number;
  /** Resolve the hosts of webhooks. @default the DNS servers of the system */
  readonly webhookDnsServers: readonly string[];
  /** Where the documentation site is, for the addresses in errors. @default paths of the gateway */
  readonly documentationUrl: string | undefined;
  readonly logLevel: z.output<typeof environment>['CPG_LOG_LEVEL'];
}

const createConfigError = (problems: readonly string[]) =>
  new StartError('invalid_configuration', `Invalid configuration:\n  ${problems.join('\n  ')}`);

/** The demo keys are published and `/_sandbox` requires no key, so other machines must not reach them. */
const assertLoopbackSandbox = (data: z.output<typeof environment>): void => {
  if (!data.CPG_SANDBOX) return;
  for (const name of ['HOST', 'CPG_OPERATIONS_HOST'] as const) {
    if (isLocalHost(data[name])) continue;
    throw createConfigError([
      `${name}: expected a loopback address such as 127.0.0.1 for the sandbox: got ${JSON.stringify(data[name])}. Fix: unset ${name}, or run npm run gateway, which has no demo keys`,
    ]);
  }
};

/**
 * Parses the configuration from environment variables. Empty variables count as unset.
 *
 * @throws Error that lists every invalid variable with the expected and the received value, and every unknown
 *   `CPG_` variable.
 */
export const parseConfig = (variables: Variables): Config => {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = environment.safeParse(given);
  const unknown = findUnknown(given);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => {
      const name = String(path[0]);
      const isComplete = !message.startsWith('expected') || message.includes(': got ');
      return `${name}: ${message}${isComplete ? '' : `: got ${formatReceived(name, given[name])}`}`;
    });
    throw createConfigError([...problems, ...unknown]);
  }
  if (unknown.length > 0) throw createConfigError(unknown);
  const { data } = result;
  assertLoopbackSandbox(data);
  if ((data.CPG_WEBHOOK_URL === undefined) !== (data.CPG_WEBHOOK_SECRET === undefined)) {
    throw createConfigError(['CPG_WEBHOOK_URL: goes together with CPG_WEBHOOK_SECRET']);
  }
  if (data.CPG_WEBHOOK_URL !== undefined && data.CPG_WEBHOOK_ACCOUNT === undefined && !data.CPG_SANDBOX) {
    throw createConfigError([
      'CPG_WEBHOOK_ACCOUNT: expected the id of the account whose events go to CPG_WEBHOOK_URL: got none',
    ]);
  }
  const rules = { allowedHosts: data.CPG_WEBHOOK_ALLOWED_HOSTS, sandbox: data.CPG_SANDBOX };
  const urlProblem = data.CPG_WEBHOOK_URL && findWebhookUrlProblem(data.CPG_WEBHOOK_URL, rules);
  if (urlProblem) throw createConfigError([urlProblem.replace(/^url/, 'CPG_WEBHOOK_URL')]);
  return {
    port: data.PORT,
    host: data.HOST,
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    dataDir: data.CPG_DATA_DIR,
    masterKey: data.CPG_MASTER_KEY,
    otherMasterKeys: data.CPG_OTHER_MASTER_KEYS,
    chainSettleSeconds: data.CPG_CHAIN_SETTLE_SECONDS,
    sandbox: data.CPG_SANDBOX,
    // In the sandbox all requests come from one address.
    ipLimitPerMinute: data.CPG_IP_LIMIT_PER_MINUTE ?? (data.CPG_SANDBOX ? 0 : IP_LIMIT_PER_MINUTE),
    trustedProxies: data.CPG_TRUSTED_PROXIES,
    operationsPort: data.CPG_OPERATIONS_PORT,
    operationsHost: data.CPG_OPERATIONS_HOST,
    operationsAllowedHosts: data.CPG_OPERATIONS_ALLOWED_HOSTS,
    webhook:
      data.CPG_WEBHOOK_URL === undefined
        ? undefined
        : {
            url: data.CPG_WEBHOOK_URL,
            secret: data.CPG_WEBHOOK_SECRET ?? '',
            accountId: data.CPG_WEBHOOK_ACCOUNT,
          },
    webhookAllowedHosts: data.CPG_WEBHOOK_ALLOWED_HOSTS,
    // The clock of the sandbox jumps.
    webhookRetentionDays: data.CPG_WEBHOOK_RETENTION_DAYS ?? (data.CPG_SANDBOX ? 0 : RETENTION_DAYS),
    webhookDnsServers: data.CPG_WEBHOOK_DNS_SERVERS,
    documentationUrl: data.CPG_DOCUMENTATION_URL,
    logLevel: data.CPG_LOG_LEVEL,
  };
};
