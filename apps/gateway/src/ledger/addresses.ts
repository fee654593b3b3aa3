import { randomBytes } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import { Address, NETWORK } from '@scure/btc-signer';
import { addr } from 'micro-eth-signer';

export type AddressFamily = 'ethereum' | 'tron' | 'bitcoin';

const TRON_PREFIX = 0x41;
const TRON_BYTES = 21;
const base58check = createBase58check(sha256);

/** What an address stands for on its network, whatever its spelling. */
interface Recipient {
  readonly type: string;
  /** The account, or the hash of the script that may spend. */
  readonly account: Uint8Array;
}

const invalidAddress = () => new Error('Not an address of this family');

// They throw when an address or its checksum is invalid.
const DECODERS: Readonly<Record<AddressFamily, (address: string) => Recipient>> = {
  ethereum: (address) => {
    // The library accepts addresses without 0x. It checks the checksum of mixed-case addresses.
    if (!/^0x[0-9a-fA-F]{40}$/.test(address) || !addr.isValid(address)) throw invalidAddress();
    return { type: 'account', account: Buffer.from(address.slice(2), 'hex') };
  },
  tron: (address) => {
    const bytes = base58check.decode(address);
    if (bytes.length !== TRON_BYTES || bytes[0] !== TRON_PREFIX) throw invalidAddress();
    return { type: 'account', account: bytes.subarray(1) };
  },
  bitcoin: (address) => {
    const { type, ...script } = Address(NETWORK).decode(address);
    if ('hash' in script) return { type, account: script.hash };
    if ('pubkey' in script) return { type, account: script.pubkey };
    throw invalidAddress();
  },
};

const decode = (family: AddressFamily, address: string): Recipient | undefined => {
  try {
    return DECODERS[family](address);
  } catch {
    return undefined;
  }
};

const isSame = (one: Recipient, other: Recipient): boolean =>
  one.type === other.type && Buffer.compare(one.account, other.account) === 0;

/** Whether two texts are one address as the network compares it: `0x` and `bc1` addresses ignore case. */
export const isSameAddress = (family: AddressFamily, one: string, other: string): boolean => {
  if (one === other) return true;
  const [left, right] = [decode(family, one), decode(family, other)];
  return left !== undefined && right !== undefined && isSame(left, right);
};

/**
 * Whether funds can be sent to an address: it is valid for its family, including its checksum, and neither
 * the zero address, from which funds cannot be spent, nor one of `reserved`, such as the contract of a token. Wire
 * protocol §4.6.
 */
export const isDestinationAddress = (
  family: AddressFamily,
  address: string,
  reserved: readonly string[] = [],
): boolean => {
  const recipient = decode(family, address);
  if (recipient === undefined || recipient.account.every((byte) => byte === 0)) return false;
  return !reserved.some((each) => {
    const other = decodeReserved(family, each);
    return other !== undefined && isSame(other, recipient);
  });
};

const MAX_DECODED = 10_000;
const decoded = new Map<string, Recipient | undefined>();

/** Decodes an address that many withdrawals are compared with: its checksum is verified once. */
const decodeReserved = (family: AddressFamily, address: string): Recipient | undefined => {
  const id = `${family} ${address}`;
  if (!decoded.has(id)) {
    if (decoded.size >= MAX_DECODED) decoded.clear();
    decoded.set(id, decode(family, address));
  }
  return decoded.get(id);
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
