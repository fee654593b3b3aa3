import { describe, expect, it } from 'vitest';
import { parseAddress, parseSourceIps } from './source-ip.ts';

const isListed = (entries: readonly string[], address: string): boolean => {
  const parsed = parseAddress(address);
  return parsed !== undefined && parseSourceIps(entries).includes(parsed);
};

describe('parseAddress', () => {
  it.each([
    ['203.0.113.5', '203.0.113.5', 'ipv4'],
    ['::ffff:203.0.113.5', '203.0.113.5', 'ipv4'],
    ['::FFFF:cb00:7105', '203.0.113.5', 'ipv4'],
    ['0:0:0:0:0:ffff:203.0.113.5', '203.0.113.5', 'ipv4'],
    ['::ffff:0.0.0.1', '0.0.0.1', 'ipv4'],
    ['2001:db8::1', '2001:db8::1', 'ipv6'],
    ['fe80::1%eth0', 'fe80::1', 'ipv6'],
    ['::1', '::1', 'ipv6'],
    ['::203.0.113.5', '::cb00:7105', 'ipv6'],
    ['0:0:0:0:0:0:203.0.113.5', '::cb00:7105', 'ipv6'],
    ['0::203.0.113.5', '::cb00:7105', 'ipv6'],
  ])('reads %s', (text, address, family) => {
    const parsed = parseAddress(text);
    expect({ address: parsed?.toString(), family: parsed?.kind() }).toEqual({ address, family });
  });

  it.each([
    '',
    'localhost',
    '203.0.113.5:443',
    '[::1]',
    '203.0.113',
    '203.0.113.256',
    ' 203.0.113.5',
    '010.0.0.1',
  ])('rejects %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

describe('parseSourceIps', () => {
  it.each([
    [['203.0.113.0/24'], '203.0.113.0', true],
    [['203.0.113.0/24'], '203.0.113.255', true],
    [['203.0.113.0/24'], '203.0.112.255', false],
    [['203.0.113.0/24'], '203.0.114.0', false],
    [['203.0.113.77/24'], '203.0.113.1', true],
    [['10.0.0.1'], '10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.11', false],
    [['10.0.0.1/32'], '10.0.0.1', true],
    [['10.0.0.1/31'], '10.0.0.2', false],
    [['0.0.0.0/0'], '198.51.100.7', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['2001:db8::/32'], '2001:db8:ffff::1', true],
    [['2001:db8::/32'], '2001:db9::', false],
    [['2001:DB8:0::1'], '2001:db8::1', true],
    [['::/0'], '2001:db8::1', true],
    [['203.0.113.5'], '::ffff:203.0.113.5', true],
    [['::ffff:203.0.113.5'], '203.0.113.5', true],
    [['::ffff:203.0.113.0/120'], '203.0.113.9', true],
    [['::ffff:203.0.113.0/120'], '203.0.112.9', false],
    [['203.0.113.5', '2001:db8::1'], '2001:db8::1', true],
    [['::/0'], '198.51.100.7', false],
    [['::/0'], '::ffff:198.51.100.7', false],
    [['::/64'], '198.51.100.7', false],
    [['::/0'], '::198.51.100.7', true],
    [['0.0.0.0/0', '::/0'], '198.51.100.7', true],
    [['198.51.100.7'], '::198.51.100.7', false],
    [['::198.51.100.7'], '198.51.100.7', false],
    [['0.0.0.0/0'], '64:ff9b::198.51.100.7', false],
    [['64:ff9b::/96'], '198.51.100.7', false],
    [['198.51.100.7'], '2002:c633:6407::1', false],
    [[], '127.0.0.1', false],
  ])('%j includes %s: %s', (entries, address, expected) => {
    expect(isListed(entries, address)).toBe(expected);
  });

  it('parses a list once', () => {
    const entries = ['10.0.0.1'];
    expect(parseSourceIps(entries)).toBe(parseSourceIps(entries));
  });

  it.each([
    '',
    'example.com',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
    '2001:db8::/129',
    '::ffff:10.0.0.0/64',
    '10.0.0.*',
  ])('rejects %j', (entry) => {
    expect(() => parseSourceIps([entry])).toThrow(
      `Whitelist entry must be an IP address or a CIDR range such as 203.0.113.0/24: got ${JSON.stringify(entry)}.`,
    );
  });
});
