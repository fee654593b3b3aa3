import { isIP } from 'node:net';

const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;

/** An address with its family, written so that an IPv4-mapped IPv6 address is IPv4. */
export interface PlainAddress {
  readonly address: string;
  readonly family: 'ipv4' | 'ipv6';
}

/**
 * Reads an IP address; `::ffff:a.b.c.d`, however it is spelt, counts as IPv4, and a zone (`%eth0`) is dropped.
 * Returns `undefined` for anything else, an address with a port too. Contract §2, restriction 3.
 */
export const plainAddress = (text: string): PlainAddress | undefined => {
  const version = isIP(text);
  if (version === 0) return undefined;
  if (version === 4) return { address: text, family: 'ipv4' };
  const address = text.replace(/%.*$/, '');
  // The URL parser writes every spelling of an IPv6 address in one way.
  const mapped = MAPPED.exec(new URL(`http://[${address}]/`).hostname);
  if (mapped === null) return { address, family: 'ipv6' };
  const bits = mapped.slice(1).map((group) => Number.parseInt(group, 16));
  return { address: bits.flatMap((group) => [group >> 8, group & 255]).join('.'), family: 'ipv4' };
};
