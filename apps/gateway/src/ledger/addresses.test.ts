import { describe, expect, it } from 'vitest';
import { type AddressFamily, createRandomAddress, isDestinationAddress } from './addresses.ts';

const VALID: readonly [AddressFamily, string][] = [
  ['ethereum', '0x000000000000000000000000000000000000dEaD'],
  ['ethereum', '0x52908400098527886E0F7030069857D2E4169EE7'],
  ['ethereum', '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'],
  ['tron', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t'],
  ['bitcoin', '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa'],
  ['bitcoin', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy'],
  ['bitcoin', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'],
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
];

describe('isDestinationAddress', () => {
  it.each(VALID)('%s accepts %s', (family, address) => {
    expect(isDestinationAddress(family, address)).toBe(true);
  });

  it.each(INVALID)('%s rejects %s (%s)', (family, address) => {
    expect(isDestinationAddress(family, address)).toBe(false);
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
