import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

describe('readConfig', () => {
  it('has a default for everything', () => {
    expect(readConfig({})).toEqual({
      port: 8787,
      host: '127.0.0.1',
      databaseUrl: undefined,
      dataDir: undefined,
      masterKey: undefined,
      chainSettleSeconds: 3,
      sandbox: false,
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
      logLevel: 'silent',
    });
  });

  it.each([
    [{ PORT: '70000' }, 'PORT: '],
    [{ PORT: 'http' }, 'PORT: '],
    [{ DATABASE_URL: 'mysql://localhost' }, 'DATABASE_URL: '],
    [{ CPG_MASTER_KEY: 'short' }, 'CPG_MASTER_KEY: expected 64 lowercase hex digits'],
    [{ CPG_SANDBOX: 'perhaps' }, 'CPG_SANDBOX: '],
    [{ CPG_CHAIN_SETTLE_SECONDS: '-1' }, 'CPG_CHAIN_SETTLE_SECONDS: '],
  ])('names the faulty variable of %j', (variables, expected) => {
    expect(() => readConfig(variables as Record<string, string>)).toThrow(expected);
  });
});
