import { SPECIAL_ADDRESSES } from '@cpg/test-support/gateway/webhooks';
import { describe, expect, it } from 'vitest';
import type { ResolveHost } from './resolver.ts';
import { guardedLookup } from './send-webhook.ts';
import { isPublicAddress } from './url-rules.ts';

const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  'good.example': ['8.8.8.8', '8.8.4.4'],
  'bad.example': ['10.0.0.1'],
  'mixed.example': ['8.8.8.8', '127.0.0.1'],
};

// A fake name server.
const resolve: ResolveHost = async (name) => {
  const found = name.endsWith('.special.example')
    ? ['8.8.8.8', name.replace('.special.example', '')]
    : ADDRESSES[name];
  if (found === undefined) throw new Error(`no ${name}`);
  return found.map((address) => ({ address, family: 4 }));
};

const ask = (hostname: string, all: boolean) =>
  new Promise((done) => {
    guardedLookup(isPublicAddress, resolve)(hostname, { all }, (error, address) =>
      done(error === null ? address : error.message),
    );
  });

describe('guardedLookup', () => {
  it.each([
    ['good.example', false, '8.8.8.8'],
    ['bad.example', false, 'bad.example resolves to 10.0.0.1, which webhooks are not delivered to'],
    ['mixed.example', true, 'mixed.example resolves to 127.0.0.1, which webhooks are not delivered to'],
    ['unknown.example', true, 'no unknown.example'],
  ])('%s (all: %s): %s', async (hostname, all, expected) => {
    expect(await ask(hostname, all)).toBe(expected);
  });

  it.each([...SPECIAL_ADDRESSES.ipv4, ...SPECIAL_ADDRESSES.ipv6, 'fe80::1%eth0'])(
    'rejects a host that also resolves to %s',
    async (address) => {
      const name = `${address}.special.example`;
      for (const all of [true, false])
        expect(await ask(name, all)).toBe(
          `${name} resolves to ${address}, which webhooks are not delivered to`,
        );
    },
  );

  it('returns all addresses when `all` is set', async () => {
    expect(await ask('good.example', true)).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '8.8.4.4', family: 4 },
    ]);
  });
});
