import { BlockList } from 'node:net';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import { plainAddress } from './plain-address.ts';

const BITS = { ipv4: 32, ipv6: 128 } as const;
const MAPPED_PREFIX = 96;
const PREFIX = /^(?:0|[1-9][0-9]{0,2})$/;

const compiled = new WeakMap<readonly string[], BlockList>();

/**
 * Compiles a whitelist of addresses and CIDR ranges; the same array is compiled once. An IPv4-mapped range of at least
 * 96 bits is the IPv4 range. Contract §2, restriction 3.
 *
 * @throws ServerMiddlewareError `invalid_source_ip` for an entry that is neither.
 */
export const sourceIpList = (entries: readonly string[]): BlockList => {
  const known = compiled.get(entries);
  if (known !== undefined) return known;
  const list = new BlockList();
  for (const entry of entries) addEntry(list, entry);
  compiled.set(entries, list);
  return list;
};

const addEntry = (list: BlockList, entry: string): void => {
  const [text = '', prefixText, ...rest] = entry.split('/');
  const plain = plainAddress(text);
  if (plain === undefined || rest.length > 0) throw invalid(entry);
  const { address, family } = plain;
  if (prefixText === undefined) {
    list.addAddress(address, family);
    return;
  }
  const isMapped = family === 'ipv4' && text.includes(':');
  const prefix = Number(prefixText) - (isMapped ? MAPPED_PREFIX : 0);
  if (!PREFIX.test(prefixText) || prefix < 0 || prefix > BITS[family]) throw invalid(entry);
  list.addSubnet(address, prefix, family);
};

const invalid = (entry: string) =>
  new ServerMiddlewareError(
    'invalid_source_ip',
    `Whitelist entry must be an IP address or a CIDR range such as 203.0.113.0/24: got ${JSON.stringify(entry)}.`,
  );
