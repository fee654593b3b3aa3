import { BlockList } from 'node:net';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import { type PlainAddress, plainAddress } from './plain-address.ts';

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
