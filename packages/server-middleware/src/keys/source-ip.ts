import { BlockList, isIP } from 'node:net';
import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { ServerMiddlewareError } from '../errors.ts';

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

const BITS = { ipv4: 32, ipv6: 128 } as const;
const MAPPED_PREFIX = 96;
const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;

/** A compiled whitelist. IPv6 ranges hold IPv6 addresses only: `::/0` is not everything, as a mapped address counts as IPv4. */
export class SourceIpList {
  // One for each family: a BlockList finds IPv4 addresses in the IPv6 ranges that hold their mapped form.
  readonly #lists = { ipv4: new BlockList(), ipv6: new BlockList() };

  /** @throws ServerMiddlewareError `invalid_source_ip` */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
  }

  check(address: string, family: PlainAddress['family']): boolean {
    return this.#lists[family].check(address, family);
  }

  #add(entry: string): void {
    const [text = '', prefixText, ...rest] = entry.split('/');
    const plain = plainAddress(text);
    if (plain === undefined || rest.length > 0) throw invalid(entry);
    const { address, family } = plain;
    const list = this.#lists[family];
    if (prefixText === undefined) {
      list.addAddress(address, family);
      return;
    }
    const isMapped = family === 'ipv4' && text.includes(':');
    const prefix = Number(prefixText) - (isMapped ? MAPPED_PREFIX : 0);
    if (!PREFIX.test(prefixText) || prefix < 0 || prefix > BITS[family]) throw invalid(entry);
    list.addSubnet(address, prefix, family);
  }
}

const compiled = new WeakMap<readonly string[], SourceIpList>();

/**
 * Compiles a whitelist of addresses and CIDR ranges; the same array is compiled once. An IPv4-mapped range of at least
 * 96 bits is the IPv4 range. Contract §2, restriction 3.
 *
 * @throws ServerMiddlewareError `invalid_source_ip` for an entry that is neither.
 */
export const sourceIpList = (entries: readonly string[]): SourceIpList => {
  const known = compiled.get(entries);
  if (known !== undefined) return known;
  const list = new SourceIpList(entries);
  compiled.set(entries, list);
  return list;
};

const invalid = (entry: string) =>
  new ServerMiddlewareError(
    'invalid_source_ip',
    `Whitelist entry must be an IP address or a CIDR range such as 203.0.113.0/24: got ${JSON.stringify(entry)}.`,
  );

/**
 * Refuses a client address outside the key's whitelist; a key without one is used from anywhere. Contract §2, restriction 3.
 *
 * @throws ServerMiddlewareError `invalid_source_ip`, `unusable_client_ip`
 */
export const checkSourceIp = (
  sourceIps: readonly string[] | undefined,
  clientIp: () => string | undefined,
): Rejection | undefined => {
  if (sourceIps === undefined) return undefined;
  const address = clientIp();
  const plain = plainAddress(address ?? '');
  if (plain === undefined) {
    throw new ServerMiddlewareError(
      'unusable_client_ip',
      `The client address must be an IP address without port: got ${JSON.stringify(address ?? null)}. Check Express's "trust proxy" setting and what the proxy writes into X-Forwarded-For.`,
    );
  }
  return sourceIpList(sourceIps).check(plain.address, plain.family)
    ? undefined
    : REJECTIONS.source_ip_not_whitelisted;
};
