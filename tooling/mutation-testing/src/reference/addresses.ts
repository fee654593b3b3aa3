import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * An address in its canonical spelling, with mapped IPv4 extracted from IPv6; `undefined` for a text that is
 * not an address.
 */
export const plainAddress = (text: string): string | undefined => {
  if (isIP(text) === 0) return undefined;
  if (isIPv4(text)) return text;
  const spelt = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelt);
  if (mapped === null) return spelt;
  const [high, low] = mapped.slice(1).map((group) => Number.parseInt(group, 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

const getAddressKind = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** Whether an address is in a list of addresses and ranges. */
export const isListed = (list: readonly string[], text: string): boolean => {
  const address = plainAddress(text);
  if (address === undefined) return false;
  const listed = new BlockList();
  for (const entry of list) {
    const [base = '', length] = entry.split('/');
    const plain = plainAddress(base) ?? base;
    if (length === undefined) listed.addAddress(plain, getAddressKind(plain));
    else listed.addSubnet(plain, Number(length), getAddressKind(plain));
  }
  return listed.check(address, getAddressKind(address));
};

/** The proxy that the reference server trusts. */
export const TRUSTED_PROXY = '127.0.0.9';

/** The sender of a request: the peer, or behind the trusted proxy the last address that the proxy lists. */
export const clientAddress = (connected: string, forwarded: readonly string[]): string => {
  if (connected !== TRUSTED_PROXY || forwarded.length === 0) return connected;
  return forwarded.join(',').split(',').at(-1)?.trim() ?? '';
};
