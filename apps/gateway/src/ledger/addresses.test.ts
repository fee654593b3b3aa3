import { describe, expect, it } from 'vitest';
import { type AddressFamily, createRandomAddress, isDestinationAddress, isSameAddress } from './addresses.ts';

const VALID: readonly [AddressFamily, string][] = [
  ['ethereum', '0x000000000000000000000000000000000000dEaD'],
  ['ethereum', '0x52908400098527886E0F7030069857D2E4169EE7'],
  ['ethereum', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
  ['tron', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'],
  ['bitcoin', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
  ['bitcoin', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy'],
  ['bitcoin', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
  ['bitcoin', 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4'],
  ['bitcoin', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0'],
];

const INVALID: readonly [AddressFamily, string, string][] = [
  ['ethereum', '0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAeD', 'wrong checksum of mixed case'],
  ['ethereum', '5aaeb6053f3e94c9b9a09f33669435e7ef1beaed', 'no 0x'],
  ['ethereum', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae', 'one digit short'],
  ['ethereum', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', 'another family'],
  ['tron', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u', 'wrong checksum'],
  ['tron', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa', 'another prefix'],
  ['bitcoin', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb', 'wrong checksum'],
  ['bitcoin', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5', 'wrong checksum'],
  ['bitcoin', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', 'a test network'],
  ['bitcoin', 'not an address', 'not an address'],
  ['bitcoin', 'bC1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'mixed case'],
  ['ethereum', '0x0000000000000000000000000000000000000000', 'the zero address'],
  ['tron', 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb', 'the zero address'],
  ['bitcoin', '1111111111111111111114oLvT2', 'the zero public key hash'],
  ['bitcoin', '31h1vYVSYuKP6AhS86fbRdMw9XHieotbST', 'the zero script hash'],
  ['bitcoin', 'bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq9e75rs', 'the zero witness program'],
];

describe('isDestinationAddress', () => {
  it.each(VALID)('%s accepts %s', (family, address) => {
    expect(isDestinationAddress(family, address)).toBe(true);
  });

  it.each(INVALID)('%s rejects %s (%s)', (family, address) => {
    expect(isDestinationAddress(family, address)).toBe(false);
  });

  it('rejects reserved addresses in any spelling', () => {
    const reserved = ['0xdAC17F958D2ee523a2206206994597C13D831ec7'];
    const lower = '0xdac17f958d2ee523a2206206994597c13d831ec7';
    expect(isDestinationAddress('ethereum', lower)).toBe(true);
    expect(isDestinationAddress('ethereum', lower, reserved)).toBe(false);
  });
});

describe('isSameAddress', () => {
  const ETHEREUM = '0x52908400098527886E0F7030069857D2E4169EE7';
  const BITCOIN = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4';
  it.each<[AddressFamily, string, string, boolean]>([
    ['ethereum', ETHEREUM, ETHEREUM.toLowerCase(), true],
    ['ethereum', ETHEREUM, `0x${ETHEREUM.slice(2).toUpperCase()}`, true],
    // Wrong checksum.
    ['ethereum', ETHEREUM, ETHEREUM.replace('E4169EE7', 'E4169Ee7'), false],
    ['ethereum', ETHEREUM, ETHEREUM.toLowerCase().replace(/7$/, '8'), false],
    ['bitcoin', BITCOIN, BITCOIN.toUpperCase(), true],
    ['bitcoin', BITCOIN, '1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH', false],
    ['tron', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', true],
    ['tron', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', 'tr7nhqjekqxgtci8q8zy4pl8otszgjlj6t', false],
  ])('%s: %s and %s', (family, one, other, expected) => {
    expect(isSameAddress(family, one, other)).toBe(expected);
  });
});

it.each<[AddressFamily, RegExp]>([
  ['ethereum', /^0x(?=.*[A-F])[0-9a-fA-F]{40}$/],
  ['tron', /^T[1-9A-HJ-NP-Za-km-z]{33}$/],
  ['bitcoin', /^bc1q[02-9ac-hj-np-z]{38}$/],
])('%s addresses have the right format and checksum', (family, shape) => {
  const addresses = Array.from({ length: 20 }, () => createRandomAddress(family));
  expect(new Set(addresses).size).toBe(20);
  expect(addresses.filter((address) => isDestinationAddress(family, address))).toHaveLength(20);
  expect(addresses.filter((address) => shape.test(address)).length).toBeGreaterThanOrEqual(19);
});
