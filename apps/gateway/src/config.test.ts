import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { StartError } from './database/start-error.ts';

const WEBHOOK = { CPG_WEBHOOK_SECRET: 'a-secret-of-the-webhook', CPG_WEBHOOK_ACCOUNT: 'acct_shop' };

describe('parseConfig', () => {
  it('has a default for every variable', () => {
    expect(parseConfig({})).toEqual({
      port: 8787,
      host: '127.0.0.1',
      databaseUrl: undefined,
      redisUrl: undefined,
      dataDir: undefined,
      masterKey: undefined,
      otherMasterKeys: [],
      chainSettleSeconds: 3,
      sandbox: false,
      ipLimitPerMinute: 600,
      trustedProxies: [],
      operationsPort: undefined,
      operationsHost: '127.0.0.1',
      operationsAllowedHosts: [],
      webhook: undefined,
      webhookAllowedHosts: [],
      webhookDnsServers: [],
      webhookRetentionDays: 30,
      logLevel: 'info',
    });
  });

  it('parses every variable, and treats an empty one as unset', () => {
    const config = parseConfig({
      PORT: '0',
      HOST: '127.0.0.2',
      DATABASE_URL: 'postgresql://localhost/cpg',
      CPG_DATA_DIR: '',
      CPG_MASTER_KEY: 'ab'.repeat(32),
      CPG_OTHER_MASTER_KEYS: `${'cd'.repeat(32)}, ${'ef'.repeat(32)}`,
      CPG_CHAIN_SETTLE_SECONDS: '0.5',
      CPG_SANDBOX: 'true',
      REDIS_URL: 'redis://localhost:6379',
      CPG_IP_LIMIT_PER_MINUTE: '50',
      CPG_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16,::1, 2001:db8::/32,::ffff:10.0.0.2',
      CPG_OPERATIONS_PORT: '9100',
      CPG_OPERATIONS_HOST: '::1',
      CPG_OPERATIONS_ALLOWED_HOSTS: 'gateway-1, Metrics.Internal',
      CPG_WEBHOOK_URL: 'https://example.com/hooks',
      CPG_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
      CPG_WEBHOOK_ACCOUNT: 'acct_shop',
      CPG_WEBHOOK_ALLOWED_HOSTS: 'hooks.internal:9443, 10.0.0.1',
      CPG_WEBHOOK_RETENTION_DAYS: '90',
      CPG_WEBHOOK_DNS_SERVERS: '10.0.0.2, [fd00::2]:5353, ::1, 127.0.0.1:53',
      CPG_LOG_LEVEL: 'silent',
    });
    expect(config).toEqual({
      port: 0,
      host: '127.0.0.2',
      databaseUrl: 'postgresql://localhost/cpg',
      dataDir: undefined,
      masterKey: 'ab'.repeat(32),
      otherMasterKeys: ['cd'.repeat(32), 'ef'.repeat(32)],
      chainSettleSeconds: 0.5,
      sandbox: true,
      redisUrl: 'redis://localhost:6379',
      ipLimitPerMinute: 50,
      trustedProxies: ['10.0.0.1', '192.168.0.0/16', '::1', '2001:db8::/32', '::ffff:10.0.0.2'],
      operationsPort: 9100,
      operationsHost: '::1',
      operationsAllowedHosts: ['gateway-1', 'metrics.internal'],
      webhook: {
        url: 'https://example.com/hooks',
        secret: 'a-secret-of-the-webhook',
        accountId: 'acct_shop',
      },
      webhookAllowedHosts: ['hooks.internal:9443', '10.0.0.1'],
      webhookRetentionDays: 90,
      webhookDnsServers: ['10.0.0.2', '[fd00::2]:5353', '::1', '127.0.0.1:53'],
      logLevel: 'silent',
    });
  });

  it.each([
    [{ PORT: '70000' }, 'PORT: '],
    [{ PORT: 'http' }, 'PORT: '],
    [{ DATABASE_URL: 'mysql://localhost' }, 'DATABASE_URL: '],
    [{ CPG_MASTER_KEY: 'short' }, 'CPG_MASTER_KEY: expected 64 lowercase hex digits'],
    [{ REDIS_URL: 'localhost:6379' }, 'REDIS_URL: '],
    [{ CPG_WEBHOOK_SECRET: 'short', CPG_WEBHOOK_URL: 'https://example.com' }, 'CPG_WEBHOOK_SECRET: expected'],
    [{ CPG_WEBHOOK_URL: 'https://example.com' }, 'CPG_WEBHOOK_URL: goes together with CPG_WEBHOOK_SECRET'],
    [
      { ...WEBHOOK, CPG_WEBHOOK_URL: 'http://127.0.0.1:9000/hooks' },
      'CPG_WEBHOOK_URL: Input should be an https URL',
    ],
    [
      { ...WEBHOOK, CPG_WEBHOOK_URL: 'https://10.0.0.1/hooks' },
      'CPG_WEBHOOK_URL: Host should be reachable from the Internet',
    ],
    [
      { CPG_WEBHOOK_RETENTION_DAYS: '2' },
      'CPG_WEBHOOK_RETENTION_DAYS: expected a number of days, at least 3, or 0 to keep everything: got "2"',
    ],
    [{ CPG_IP_LIMIT_PER_MINUTE: '-1' }, 'CPG_IP_LIMIT_PER_MINUTE: '],
    ...['true', '1', 'loopback', '10.0.0.0/33', '10.0.0.1:80', '010.0.0.1', '127.1', '[::1]', '::1%lo'].map(
      (given): [Record<string, string>, string] => [
        { CPG_TRUSTED_PROXIES: `10.0.0.1,${given}` },
        `CPG_TRUSTED_PROXIES: expected an IP address or a CIDR range such as 10.0.0.0/8: got "${given}"`,
      ],
    ),
    [
      { CPG_TRUSTED_PROXIES: '0.0.0.0/0' },
      'CPG_TRUSTED_PROXIES: expected addresses of proxies: got "0.0.0.0/0", which trusts every client',
    ],
    [{ CPG_TRUSTED_PROXIES: '::/00' }, 'CPG_TRUSTED_PROXIES: '],
    [
      { CPG_TRUSTED_PROXIES: '::ffff:0:0/96' },
      'CPG_TRUSTED_PROXIES: expected addresses of proxies: got "::ffff:0:0/96", which trusts every client',
    ],
    [
      { CPG_TRUSTED_PROXIES: '::/80' },
      'CPG_TRUSTED_PROXIES: expected addresses of proxies: got "::/80", which trusts every client',
    ],
    [
      { CPG_WEBHOOK_URL: 'https://example.com', CPG_WEBHOOK_SECRET: 'a-secret-of-the-webhook' },
      'CPG_WEBHOOK_ACCOUNT: expected',
    ],
    [
      { CPG_OPERATIONS_ALLOWED_HOSTS: 'gateway:9787' },
      'CPG_OPERATIONS_ALLOWED_HOSTS: expected a host name without a port such as gateway-1: got "gateway:9787"',
    ],
    [{ CPG_SANDBOX: 'perhaps' }, 'CPG_SANDBOX: '],
    [{ CPG_CHAIN_SETTLE_SECONDS: '-1' }, 'CPG_CHAIN_SETTLE_SECONDS: '],
  ])('reports the invalid variable of %j', (variables, expected) => {
    expect(() => parseConfig(variables as Record<string, string>)).toThrow(expected);
  });

  const BAD_NUMBERS = [
    'NaN',
    'Infinity',
    '-1',
    '+1',
    '0x10',
    '1e3',
    ' ',
    ' 8',
    '1,5',
    'ten',
    '9'.repeat(30),
    '٣',
  ];
  const EXPECTED: Readonly<Record<string, readonly [expected: string, ...values: string[]]>> = {
    PORT: ['a whole number from 0 to 65535', ...BAD_NUMBERS, '65536', '1.5'],
    CPG_IP_LIMIT_PER_MINUTE: ['a whole number from 0 to 1000000', ...BAD_NUMBERS, '1000001', '0.5'],
    CPG_CHAIN_SETTLE_SECONDS: [
      'seconds from 0 to 86400, such as 3 or 0.5',
      ...BAD_NUMBERS,
      '86401',
      '.5',
      '1.',
    ],
    HOST: ['a host name or an IP address of this machine', ' ', 'local host', '[::1]', 'http://localhost'],
    CPG_DATA_DIR: ['the path of a folder, without spaces around it', ' ', ' data', 'data '],
    CPG_SANDBOX: ['true or false', 'perhaps', 'tru', ' ', '2', 'null'],
    CPG_OPERATIONS_PORT: ['a whole number from 0 to 65535', ...BAD_NUMBERS, '65536'],
    CPG_OPERATIONS_HOST: ['a host name or an IP address of this machine', ' ', 'http://localhost'],
    CPG_LOG_LEVEL: ['one of trace, debug, info, warn, error, fatal, silent', 'INFO', 'verbose', '30', ' '],
  };
  it.each(
    Object.entries(EXPECTED).flatMap(([name, [expected, ...values]]) =>
      values.map((value): [string, string, string] => [name, value, expected]),
    ),
  )('rejects %s=%j: expected %s', (name, value, expected) => {
    expect(() => parseConfig({ [name]: value })).toThrow(
      `Invalid configuration:\n  ${name}: expected ${expected}: got ${JSON.stringify(value)}`,
    );
  });

  it.each([
    [
      'DATABASE_URL',
      'mysql://cpg:hunter2-hunter2@localhost/cpg',
      'a URL such as postgresql://user:password@host:5432/name',
    ],
    ['REDIS_URL', 'http://:hunter2-hunter2@localhost', 'a URL such as redis://user:password@host:6379'],
    [
      'CPG_MASTER_KEY',
      'AB'.repeat(32),
      '64 lowercase hex digits (32 bytes), e.g. from: openssl rand -hex 32',
    ],
    ['CPG_OTHER_MASTER_KEYS', 'ab'.repeat(31), 'keys of 64 lowercase hex digits, comma-separated'],
    ['CPG_WEBHOOK_URL', 'example.com/hunter2-hunter2', 'a URL such as https://example.com/hooks'],
    ['CPG_WEBHOOK_SECRET', 'hunter2', '16 to 256 characters'],
    ['CPG_WEBHOOK_SECRET', 'hunter2'.repeat(100), '16 to 256 characters'],
  ])('rejects %s without showing its value', (name, value, expected) => {
    expect(() => parseConfig({ [name]: value })).toThrow(
      new StartError(
        'invalid_configuration',
        `Invalid configuration:\n  ${name}: expected ${expected}: got ${value.length} characters`,
      ),
    );
  });

  it.each([
    ['CPG_SANDOBX', 'CPG_SANDBOX'],
    ['cpg_sandbox', 'CPG_SANDBOX'],
    ['CPG_DATADIR', 'CPG_DATA_DIR'],
    ['CPG_TRUSTED_PROXY', 'CPG_TRUSTED_PROXIES'],
    ['CPG_DATABASE_URL', 'DATABASE_URL'],
    ['CPG_PORT', 'PORT'],
    ['CPG_LOGLEVEL', 'CPG_LOG_LEVEL'],
  ])('rejects the unknown variable %s and suggests %s', (name, nearest) => {
    expect(() => parseConfig({ [name]: '1', PORT: '1' })).toThrow(
      new StartError(
        'invalid_configuration',
        `Invalid configuration:\n  ${name}: unknown variable. Did you mean ${nearest}?`,
      ),
    );
  });

  it('reports all problems at once', () => {
    expect(() => parseConfig({ PORT: 'x', CPG_LOG_LEVEL: 'y', CPG_SANDOBX: 'true' })).toThrow(
      /PORT: .*\n {2}CPG_LOG_LEVEL: .*\n {2}CPG_SANDOBX: /,
    );
  });

  it('ignores variables of other programs', () => {
    const others = {
      CPG_BASE_URL: 'x',
      CPG_KEY_ID: 'x',
      CPG_SECRET: 'x',
      CPG_TEST_SEED: '1',
      XCPG_SANDBOX: '1',
      // Kubernetes, beside services called cpg and cpg-gateway.
      CPG_PORT: 'tcp://10.0.0.1:8787',
      CPG_SERVICE_HOST: '10.0.0.1',
      CPG_SERVICE_PORT: '8787',
      CPG_SERVICE_PORT_HTTP: '8787',
      CPG_GATEWAY_PORT_8787_TCP: 'tcp://10.0.0.1:8787',
      CPG_GATEWAY_PORT_8787_TCP_ADDR: '10.0.0.1',
    };
    expect(parseConfig(others)).toEqual(parseConfig({}));
  });

  it('normalizes allowed hosts like the URL parser', () => {
    const CPG_WEBHOOK_ALLOWED_HOSTS =
      'Hooks.Internal., HOOKS.internal:09443,10.1,::1,[::1]:8443,bücher.example,a:443';
    expect(parseConfig({ CPG_WEBHOOK_ALLOWED_HOSTS }).webhookAllowedHosts).toEqual([
      ...['hooks.internal', 'hooks.internal:9443', '10.0.0.1', '[::1]', '[::1]:8443'],
      ...['xn--bcher-kva.example', 'a:443'],
    ]);
  });

  it.each(['dns.internal', '10.0.0.256', '[::1', '10.0.0.2:port', '[10.0.0.2]'])(
    'rejects the DNS server %j',
    (server) => {
      expect(() => parseConfig({ CPG_WEBHOOK_DNS_SERVERS: server })).toThrow(
        `CPG_WEBHOOK_DNS_SERVERS: expected an address of a DNS server such as 10.0.0.2 or [fd00::2]:53: got ${JSON.stringify(server)}`,
      );
    },
  );

  it.each([
    'https://hooks.internal',
    'hooks.internal/path',
    'a b',
    '*.internal',
    'a:port',
    'a:70000',
    'u@a',
    '10.0.0.0/8',
    '[::1',
  ])('rejects the allowed host %j', (host) => {
    expect(() => parseConfig({ CPG_WEBHOOK_ALLOWED_HOSTS: `a,${host}` })).toThrow(
      `CPG_WEBHOOK_ALLOWED_HOSTS: expected a host or host:port such as hooks.internal:9443: got ${JSON.stringify(host)}`,
    );
  });

  it.each(['0.0.0.0', '::', '10.0.0.5', 'gateway.internal', 'x.localhost', '64:ff9b::7f00:1'])(
    'rejects %s for the sandbox',
    (host) => {
      for (const name of ['HOST', 'CPG_OPERATIONS_HOST']) {
        expect(() => parseConfig({ CPG_SANDBOX: 'true', [name]: host })).toThrow(
          `${name}: expected a loopback address such as 127.0.0.1 for the sandbox: got "${host}". Fix: unset ${name}, or run npm run gateway`,
        );
        expect(() => parseConfig({ [name]: host })).not.toThrow();
      }
    },
  );

  it.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])('accepts %s for the sandbox', (host) => {
    expect(parseConfig({ CPG_SANDBOX: 'true', HOST: host }).host).toBe(host);
  });

  it('has no limit per address in the sandbox by default', () => {
    expect(parseConfig({ CPG_SANDBOX: 'true' }).ipLimitPerMinute).toBe(0);
    expect(parseConfig({ CPG_SANDBOX: 'true', CPG_IP_LIMIT_PER_MINUTE: '7' }).ipLimitPerMinute).toBe(7);
  });
});
