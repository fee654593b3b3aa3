import { expect, it } from 'vitest';
import { type AddressFamily, isDestinationAddress } from './destination-address.ts';
import { randomAddress } from './random-address.ts';

it.each<[AddressFamily, RegExp]>([
  ['ethereum', /^0x(?=.*[A-F])[0-9a-fA-F]{40}$/],
  ['tron', /^T[1-9A-HJ-NP-Za-km-z]{33}$/],
  ['bitcoin', /^bc1q[02-9ac-hj-np-z]{38}$/],
])('%s addresses look real and carry their checksum', (family, shape) => {
  const addresses = Array.from({ length: 20 }, () => randomAddress(family));
  expect(new Set(addresses).size).toBe(20);
  expect(addresses.filter((address) => isDestinationAddress(family, address))).toHaveLength(20);
  expect(addresses.filter((address) => shape.test(address)).length).toBeGreaterThanOrEqual(19);
});
