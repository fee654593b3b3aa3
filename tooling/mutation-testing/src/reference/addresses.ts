import { BlockList, isIP, isIPv4 } from 'node:net';

/** An address in one spelling, with IPv4 taken out of IPv6; `undefined` for what is no address. */
export const plainAddress = (text: string): string | undefined => {
  if (isIP(text) === 0) return undefined;
  if (isIPv4(text)) return text;
  const spelt = new URL(`http://[${text}]`).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelt);
  if (mapped === null) return spelt;
  const [high, low] = mapped.slice(1).map((group) => Number.parseInt(group, 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
};

const kindOf = (address: string): 'ipv4' | 'ipv6' => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** Whether an address is one of these, or in one of these ranges. */
export const isListed = (list: readonly string[], text: string): boolean => {
  const address = plainAddress(text);
  if (address === undefined) return false;
  const listed = new BlockList();
  for (const entry of list) {
    const [base = '', length] = entry.split('/');
    const plain = plainAddress(base) ?? base;
    if (length === undefined) listed.addAddress(plain, kindOf(plain));
    else listed.addSubnet(plain, Number(length), kindOf(plain));
  }
  return listed.check(address, kindOf(address));
};

/** The proxy that the reference server trusts. */
export const TRUSTED_PROXY = '127.0.0.9';

/** Who sent a request: the one who connected, unless that is the trusted proxy; then the last one that the proxy names. */
export const clientAddress = (connected: string, forwarded: readonly string[]): string => {
  if (connected !== TRUSTED_PROXY || forwarded.length === 0) return connected;
  return forwarded.join(',').split(',').at(-1)?.trim() ?? '';
};
