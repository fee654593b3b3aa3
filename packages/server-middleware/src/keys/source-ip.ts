import { isIP } from 'node:net';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import ipaddr from 'ipaddr.js';
import { ServerMiddlewareError } from '../errors.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = [base: Address, prefix: number];

/**
 * Parses an IP address. `::ffff:a.b.c.d`, in any spelling, becomes IPv4; a zone (`%eth0`) is dropped. Returns `undefined`
 * for anything else, such as an address with a port. Wire protocol §2, restriction 3.
 */
export const parseAddress = (text: string): Address | undefined => {
  // ipaddr.js alone also accepts 010.0.0.1, which is octal, and 203.0.113.
  const version = isIP(text);
  if (version === 0) return undefined;
  if (version === 4) return ipaddr.IPv4.parse(text);
  // ipaddr.js reads ::a.b.c.d as ::ffff:a.b.c.d. The URL parser writes every IPv6 address without dots.
  const { hostname } = new URL(`http://[${text.replace(/%.*$/, '')}]/`);
  const address = ipaddr.IPv6.parse(hostname.slice(1, -1));
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
};

const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;
const MAPPED_BITS = 96;
const BITS = { ipv4: 32, ipv6: 128 } as const;

const parseRange = (entry: string): Range => {
  const [text = '', prefixText, ...rest] = entry.split('/');
  const base = parseAddress(text);
  if (base === undefined || rest.length > 0) throw invalid(entry);
  const bits = BITS[base.kind()];
  if (prefixText === undefined) return [base, bits];
  const isMapped = base.kind() === 'ipv4' && text.includes(':');
  const prefix = Number(prefixText) - (isMapped ? MAPPED_BITS : 0);
  if (!PREFIX.test(prefixText) || prefix < 0 || prefix > bits) throw invalid(entry);
  return [base, prefix];
};

const invalid = (entry: string) =>
  new ServerMiddlewareError(
    'invalid_source_ip',
    `Whitelist entry must be an IP address or a CIDR range such as 203.0.113.0/24: got ${JSON.stringify(entry)}.`,
  );

/** A parsed whitelist. */
interface SourceIpList {
  includes(address: Address): boolean;
}

const parsed = new WeakMap<readonly string[], SourceIpList>();

/**
 * Parses a whitelist of addresses and CIDR ranges; the same array is parsed once. IPv6 ranges include IPv6 addresses only:
 * `::/0` does not include IPv4. An IPv4-mapped range of at least 96 bits is the IPv4 range. Wire protocol §2, restriction 3.
 *
 * @throws ServerMiddlewareError `invalid_source_ip` for any other entry.
 */
export const parseSourceIps = (entries: readonly string[]): SourceIpList => {
  const known = parsed.get(entries);
  if (known !== undefined) return known;
  const ranges = entries.map(parseRange);
  const list = {
    includes: (address: Address) => ipaddr.subnetMatch(address, { listed: ranges }, 'unlisted') === 'listed',
  };
  parsed.set(entries, list);
  return list;
};

/**
 * Rejects a client address outside the whitelist of the key; without a whitelist every address is accepted. Wire protocol §2,
 * restriction 3.
 *
 * @throws ServerMiddlewareError `invalid_source_ip`, `unusable_client_ip`
 */
export const checkSourceIp = (
  sourceIps: readonly string[] | undefined,
  getClientIp: () => string | undefined,
): Rejection | undefined => {
  if (sourceIps === undefined) return undefined;
  const text = getClientIp();
  const address = parseAddress(text ?? '');
  if (address === undefined) {
    throw new ServerMiddlewareError(
      'unusable_client_ip',
      `The client address must be an IP address without port: got ${JSON.stringify(text ?? null)}. Check Express's "trust proxy" setting and what the proxy writes into X-Forwarded-For.`,
    );
  }
  return parseSourceIps(sourceIps).includes(address) ? undefined : REJECTIONS.source_ip_not_whitelisted;
};
