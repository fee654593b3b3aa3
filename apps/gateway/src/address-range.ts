import { BlockList, isIP, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/**
 * Parses an IP address, ignoring its zone (`%eth0`). Returns `undefined` for any other text.
 *
 * IPv6 addresses are normalized by the URL parser first, because ipaddr.js parses `::10.0.0.1` as the
 * IPv4-mapped `::ffff:10.0.0.1`.
 */
export const parseAddress = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined => {
  const version = isIP(text);
  if (version === 0) return undefined;
  if (version === 4) return ipaddr.IPv4.parse(text);
  const { hostname } = new URL(`http://[${text.replace(/%.*$/, '')}]/`);
  return ipaddr.IPv6.parse(hostname.slice(1, -1));
};

const MAPPED_PREFIX = 96;
const ALL_MAPPED = ipaddr.IPv6.parse('::ffff:0:0');

// A range that starts at an IPv4-mapped address but is wider than /96 mixes both families.
const isOneFamily = (range: string): boolean => {
  const [text = '', prefix] = range.split('/');
  const address = parseAddress(text);
  if (prefix === undefined || !(address instanceof ipaddr.IPv6)) return true;
  return !address.isIPv4MappedAddress() || Number(prefix) >= MAPPED_PREFIX;
};

const expected = ({ input }: { readonly input?: unknown }) =>
  `expected an IP address or a CIDR range such as 10.0.0.0/8: got ${JSON.stringify(input)}`;

/** An IP address or a CIDR range, in the format of the middleware's `sourceIps`. */
export const addressRange = z
  .union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error: expected })
  .refine(isOneFamily, { error: expected });

/** Whether a range contains every IPv4 or every IPv6 address. */
export const isEveryAddress = (range: string): boolean => {
  const [text = '', prefixText] = range.split('/');
  if (prefixText === undefined) return false;
  const address = parseAddress(text);
  const prefix = Number(prefixText);
  if (prefix === 0) return true;
  return address instanceof ipaddr.IPv6 && prefix <= MAPPED_PREFIX && ALL_MAPPED.match(address, prefix);
};

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether a host is certainly this machine: 127.0.0.0/8, ::1 or localhost. Subdomains of localhost and
 * addresses that embed a loopback address do not count, because the network decides where they lead.
 */
export const isLocalHost = (host: string): boolean =>
  host.toLowerCase() === 'localhost' ||
  // A BlockList also matches ::ffff:127.0.0.1, which dual-stack sockets report.
  (isIP(host) !== 0 && LOOPBACK.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'));
