import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      port: 8787,
      host: '127.0.0.1',
      databaseUrl: undefined,
      redisUrl: undefined,
      dataDir: undefined,
      masterKey: undefined,
      chainSettleSeconds: 3,
      sandbox: false,
      ipLimitPerMinute: 600,
      trustedProxies: [],
      metrics: 'loopback',
      webhook: undefined,
      webhookAllowedHosts: [],
      logLevel: 'info',
    });
  });

  it('reads every variable, and takes an empty one for absent', () => {
    const config = readConfig({
      PORT: '0',
      HOST: '0.0.0.0',
      DATABASE_URL: 'postgresql://localhost/cpg',
      CPG_DATA_DIR: '',
      CPG_MASTER_KEY: 'ab'.repeat(32),
      CPG_CHAIN_SETTLE_SECONDS: '0.5',
      CPG_SANDBOX: 'true',
      REDIS_URL: 'redis://localhost:6379',
      CPG_IP_LIMIT_PER_MINUTE: '50',
      CPG_TRUSTED_PROXIES: '10.0.0.1, 192.168.0.0/16,::1, 2001:db8::/32,::ffff:10.0.0.2',
      CPG_METRICS: 'everyone',
      CPG_WEBHOOK_URL: 'https://example.com/hooks',
      CPG_WEBHOOK_SECRET: 'a-secret-of-the-webhook',
      CPG_WEBHOOK_ALLOWED_HOSTS: 'hooks.internal:9443, 10.0.0.1',
      CPG_LOG_LEVEL: 'silent',
    });
    expect(config).toEqual({
      port: 0,
      host: '0.0.0.0',
      databaseUrl: 'postgresql://localhost/cpg',
      dataDir: undefined,
      masterKey: 'ab'.repeat(32),
      chainSettleSeconds: 0.5,
      sandbox: true,
      redisUrl: 'redis://localhost:6379',
      ipLimitPerMinute: 50,
      trustedProxies: ['10.0.0.1', '192.168.0.0/16', '::1', '2001:db8::/32', '::ffff:10.0.0.2'],
      metrics: 'everyone',
      webhook: { url: 'https://example.com/hooks', secret: 'a-secret-of-the-webhook' },
      webhookAllowedHosts: ['hooks.internal:9443', '10.0.0.1'],
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
      { CPG_WEBHOOK_URL: 'http://127.0.0.1:9000/hooks', CPG_WEBHOOK_SECRET: 'a-secret-of-the-webhook' },
      'CPG_WEBHOOK_URL: Input should be an https URL',
    ],
    [
      { CPG_WEBHOOK_URL: 'https://10.0.0.1/hooks', CPG_WEBHOOK_SECRET: 'a-secret-of-the-webhook' },
      'CPG_WEBHOOK_URL: Host should be reachable from the Internet',
    ],
    [{ CPG_IP_LIMIT_PER_MINUTE: '-1' }, 'CPG_IP_LIMIT_PER_MINUTE: '],
    ...['true', '1', 'loopback', '10.0.0.0/33', '10.0.0.1:80', '010.0.0.1', '127.1', '[::1]', '::1%lo'].map(
      (given): [Record<string, string>, string] => [
        { CPG_TRUSTED_PROXIES: `10.0.0.1,${given}` },
        `CPG_TRUSTED_PROXIES: expected an IP address or a CIDR range such as 10.0.0.0/8: got "${given}"`,
      ],
    ),
    [{ CPG_TRUSTED_PROXIES: '0.0.0.0/0' }, 'CPG_TRUSTED_PROXIES: 0.0.0.0/0 would trust every client'],
    [{ CPG_TRUSTED_PROXIES: '::/00' }, 'CPG_TRUSTED_PROXIES: '],
    [{ CPG_SANDBOX: 'perhaps' }, 'CPG_SANDBOX: '],
    [{ CPG_CHAIN_SETTLE_SECONDS: '-1' }, 'CPG_CHAIN_SETTLE_SECONDS: '],
  ])('names the faulty variable of %j', (variables, expected) => {
    expect(() => readConfig(variables as Record<string, string>)).toThrow(expected);
  });

  it('limits no address in the sandbox unless told to', () => {
    expect(readConfig({ CPG_SANDBOX: 'true' }).ipLimitPerMinute).toBe(0);
    expect(readConfig({ CPG_SANDBOX: 'true', CPG_IP_LIMIT_PER_MINUTE: '7' }).ipLimitPerMinute).toBe(7);
  });
});
