import { SPECIAL_ADDRESSES } from '@cpg/test-support/gateway/webhooks';
import { describe, expect, it } from 'vitest';
import { findWebhookUrlProblem, isLoopbackHost, isPublicAddress } from './url-rules.ts';

const rules = { allowedHosts: ['10.1.2.3', 'hooks.internal:9443'], sandbox: false };
const PRIVATE = 'url: Host should be reachable from the Internet, not private, loopback or reserved';
const PORT = 'url: Port should be 443 or 8443';

describe('findWebhookUrlProblem', () => {
  it.each([
    ['https://example.com/hooks', undefined],
    ['https://example.com:8443/hooks?x=1', undefined],
    ['https://8.8.8.8/', undefined],
    ['https://10.1.2.3:1/', undefined],
    ['https://hooks.internal:9443/', undefined],
    ['https://hooks.internal:9444/', PORT],
    ['https://example.com:22/', PORT],
    ['http://example.com/', 'url: Input should be an https URL'],
    ['http://127.0.0.1/', 'url: Input should be an https URL'],
    ['ftp://example.com/', 'url: Input should be an https URL'],
    ['hooks', 'url: Input should be an absolute URL'],
    ['https://user:secret@example.com/', 'url: Credentials do not belong in a URL'],
    ['https://localhost/', PRIVATE],
    ['https://127.0.0.1/', PRIVATE],
    ['https://127.1/', PRIVATE],
    ['https://2130706433/', PRIVATE],
    ['https://0x7f.0.0.1/', PRIVATE],
    ['https://0.0.0.0/', PRIVATE],
    ['https://10.0.0.1/', PRIVATE],
    ['https://172.16.0.1/', PRIVATE],
    ['https://192.168.1.1/', PRIVATE],
    ['https://100.64.0.1/', PRIVATE],
    ['https://169.254.169.254/latest/meta-data', PRIVATE],
    ['https://224.0.0.1/', PRIVATE],
    ['https://[::1]/', PRIVATE],
    ['https://[::]/', PRIVATE],
    ['https://[fd00::1]/', PRIVATE],
    ['https://[fe80::1]/', PRIVATE],
    ['https://[::ffff:10.0.0.1]/', PRIVATE],
    ['https://[64:ff9b::a00:1]/', PRIVATE],
    ['https://[2002:a00:1::]/', PRIVATE],
  ])('%s: %s', (url, expected) => {
    expect(findWebhookUrlProblem(url, rules)).toBe(expected);
  });

  it.each([
    ...SPECIAL_ADDRESSES.ipv4.map((address) => `https://${address}/`),
    ...SPECIAL_ADDRESSES.ipv6.map((address) => `https://[${address}]/`),
    // Other spellings of 169.254.169.254 and 127.0.0.1.
    ...['2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '0xa9.254.0251.254', '169.254.43518'],
    ...[
      '169.254.169.254.',
      '%31%36%39.254.169.254',
      '１６９.254.169.254',
      '169。254。169。254',
      '127.1.',
      '0',
    ],
    ...['localhost.', 'LOCALHOST', 'api.localhost', 'api.localhost.'],
  ])('rejects %s', (host) => {
    const url = host.startsWith('https:') ? host : `https://${host}/`;
    expect(findWebhookUrlProblem(url, rules)).toBe(PRIVATE);
    expect(findWebhookUrlProblem(url.replace(/\/$/, ':8443/'), rules)).toBe(PRIVATE);
  });

  it.each(['https://[fe80::1%25eth0]/', 'https://[fe80::1%eth0]/', 'https://256.1.1.1/', 'https://[::1/'])(
    'rejects %s as a URL',
    (url) => {
      expect(findWebhookUrlProblem(url, rules)).toBe('url: Input should be an absolute URL');
    },
  );

  it.each([
    'https://[2606:4700:4700::1111]/',
    'https://[2a00:1450:4001:80b::200e]/',
    'https://[::ffff:8.8.8.8]/',
    'https://1.1.1.1./',
    'https://168.63.129.17/',
    'https://localhost.example.com/',
    'https://hooks.internal.:9443/',
  ])('accepts %s', (url) => {
    expect(findWebhookUrlProblem(url, rules)).toBeUndefined();
  });

  it.each([
    ['http://127.0.0.1:9000/hooks', undefined],
    ['http://localhost:9000/hooks', undefined],
    ['https://[::1]:9000/hooks', undefined],
    ['http://10.0.0.1/', 'url: Input should be an https URL'],
    ['file://localhost/etc/passwd', 'url: Input should be an https URL'],
    ['https://192.168.1.1/', PRIVATE],
    ['http://localhost.:9000/hooks', undefined],
    ['http://[::127.0.0.1]:9000/hooks', 'url: Input should be an https URL'],
    ['https://[::127.0.0.1]/hooks', PRIVATE],
  ])('in the sandbox %s: %s', (url, expected) => {
    expect(findWebhookUrlProblem(url, { ...rules, sandbox: true })).toBe(expected);
  });
});

describe('isPublicAddress', () => {
  it.each([
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['::ffff:127.0.0.1', false],
    ['not an address', false],
    ['', false],
    ['2606:4700::1111%eth0', false],
  ])('%s: %s', (address, expected) => {
    expect(isPublicAddress(address)).toBe(expected);
  });

  it('is false for special addresses', () => {
    const { ipv4, ipv6 } = SPECIAL_ADDRESSES;
    expect([...ipv4, ...ipv6].filter(isPublicAddress)).toEqual([]);
  });
});

describe('isLoopbackHost', () => {
  it('is false for other addresses that end like a loopback address', () => {
    expect(
      ['::127.0.0.1', '64:ff9b::127.0.0.1', '2002:7f00:1::', '0.0.0.0', '::'].filter(isLoopbackHost),
    ).toEqual([]);
  });
});
