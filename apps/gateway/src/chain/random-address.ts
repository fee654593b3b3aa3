import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { Address, NETWORK } from '@scure/btc-signer';
import { addr } from 'micro-eth-signer';
import type { AddressFamily } from './destination-address.ts';

const ACCOUNT_BYTES = 20;
const TRON_PREFIX = 0x41;

const ENCODERS: Readonly<Record<AddressFamily, (account: Uint8Array) => string>> = {
  ethereum: (account) => addr.addChecksum(`0x${Buffer.from(account).toString('hex')}`),
  tron: (account) => createBase58check(sha256).encode(Uint8Array.of(TRON_PREFIX, ...account)),
  bitcoin: (account) => Address(NETWORK).encode({ type: 'wpkh', hash: account }),
};

/** A fresh address of a family, its checksum right. Nobody has its key: nothing real may be sent there. */
export const randomAddress = (family: AddressFamily): string =>
  ENCODERS[family](Uint8Array.from(randomBytes(ACCOUNT_BYTES)));
