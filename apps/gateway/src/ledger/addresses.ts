import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { Address, NETWORK } from '@scure/btc-signer';
import { addr } from 'micro-eth-signer';

export type AddressFamily = 'ethereum' | 'tron' | 'bitcoin';

const TRON_PREFIX = 0x41;
const TRON_BYTES = 21;
const base58check = createBase58check(sha256);

const VALIDATORS: Readonly<Record<AddressFamily, (address: string) => boolean>> = {
  // The library accepts addresses without 0x. It checks the checksum of mixed-case addresses.
  ethereum: (address) => /^0x[0-9a-fA-F]{40}$/.test(address) && addr.isValid(address),
  tron: (address) => {
    const bytes = base58check.decode(address);
    return bytes.length === TRON_BYTES && bytes[0] === TRON_PREFIX;
  },
  bitcoin: (address) => {
    Address(NETWORK).decode(address);
    return true;
  },
};

/** Whether an address is valid for an address family, including its checksum. Wire protocol §4.6. */
export const isDestinationAddress = (family: AddressFamily, address: string): boolean => {
  try {
    return VALIDATORS[family](address);
  } catch {
    // The decoders throw on invalid addresses.
    return false;
  }
};

const ACCOUNT_BYTES = 20;

const ENCODERS: Readonly<Record<AddressFamily, (account: Uint8Array) => string>> = {
  ethereum: (account) => addr.addChecksum(`0x${Buffer.from(account).toString('hex')}`),
  tron: (account) => base58check.encode(Uint8Array.of(TRON_PREFIX, ...account)),
  bitcoin: (account) => Address(NETWORK).encode({ type: 'wpkh', hash: account }),
};

/** Creates a random address with a valid checksum. It has no known private key: funds sent to it are lost. */
export const createRandomAddress = (family: AddressFamily): string =>
  ENCODERS[family](Uint8Array.from(randomBytes(ACCOUNT_BYTES)));
