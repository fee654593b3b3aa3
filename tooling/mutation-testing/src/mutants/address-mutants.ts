import { isIPv4 } from 'node:net';
import { isListed, plainAddress, TRUSTED_PROXY } from '../reference/addresses.ts';
import { SERVER, type ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';
import { without } from './order-mutants.ts';

const trusting =
  (header: string, read: (value: string) => string = (value) => value) =>
  (): Partial<ServerParts> => ({
    getClientAddress: (request) => {
      const [value] = SERVER.getHeaderValues(request.headers, header);
      return value === undefined ? SERVER.getClientAddress(request) : read(value);
    },
  });

/** Reads the header of the trusted proxy differently. */
const reading = (read: (values: readonly string[]) => string) => (): Partial<ServerParts> => ({
  getClientAddress: (request) => {
    const values = SERVER.getHeaderValues(request.headers, 'X-Forwarded-For');
    return request.address === TRUSTED_PROXY ? read(values) : request.address;
  },
});

const listedBy = (change: ServerParts['isListed']) => (): Partial<ServerParts> => ({ isListed: change });

/** Changes the entries of the key's whitelist. */
const entries = (change: (entry: string) => string | undefined) =>
  listedBy((list, address) =>
    isListed(
      list.map(change).filter((entry) => entry !== undefined),
      address,
    ),
  );

const resized = (from: string, to: string) => entries((entry) => entry.replace(from, to));

const chain = (values: readonly string[]): string[] =>
  values
    .join(',')
    .split(',')
    .map((part) => part.trim());

const last = (values: readonly string[]): string => chain(values).at(-1) ?? '';

const firstAddressIn = (text: string): string => /\d+\.\d+\.\d+\.\d+/.exec(text)?.[0] ?? text;

export const ADDRESS_MUTANTS = mutants<ServerParts>('source IP', [
  ['ip-ignored', without('address'), 'server-ip-not-listed', 'server-ip-before-permission'],
  [
    'ip-forwarded-trusted',
    trusting('X-Forwarded-For'),
    'server-ip-spoofed-x-forwarded-for',
    'server-ip-edge-no-proxy',
  ],
  [
    'ip-forwarded-standard-trusted',
    trusting('Forwarded', (v) => v.replace(/^for=/, '')),
    'server-ip-spoofed-forwarded',
  ],
  ['ip-real-ip-trusted', trusting('X-Real-IP'), 'server-ip-spoofed-x-real-ip'],
  ['ip-true-client-trusted', trusting('True-Client-IP'), 'server-ip-spoofed-true-client-ip'],
  ['ip-cf-trusted', trusting('CF-Connecting-IP'), 'server-ip-spoofed-cf-connecting-ip'],
  ...[
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'Fastly-Client-IP',
    'X-Originating-IP',
    'X-Remote-IP',
    'Client-IP',
  ].map(
    (name) =>
      [
        `ip-${name.toLowerCase()}-trusted`,
        trusting(name),
        `server-ip-spoofed-${name.toLowerCase()}`,
      ] as const,
  ),
  [
    'ip-everyone-listed',
    () => ({ isAddress: () => false }),
    'server-accept-no-query',
    'server-ip-edge-no-whitelist',
  ],
  [
    'ip-is-401',
    () => ({ reject: (a, step) => (step === 'address' ? { status: 401, message: 'Invalid signature' } : a) }),
    'server-ip-not-listed',
  ],
  ['ip-proxy-ignored', () => ({ getClientAddress: ({ address }) => address }), 'server-ip-edge-exact'],
  [
    'ip-leftmost',
    reading((values) => chain(values)[0] ?? ''),
    'server-ip-edge-chain-first',
    'server-ip-edge-chain-last',
  ],
  ['ip-first-header', reading((values) => last(values.slice(0, 1))), 'server-ip-edge-two-headers-first'],
  ['ip-last-header-whole', reading((values) => values.at(-1) ?? ''), 'server-ip-edge-chain-last'],
  [
    'ip-headers-not-joined',
    reading((values) => (values.length === 1 ? last(values) : '')),
    'server-ip-edge-two-headers',
  ],
  [
    'ip-any-of-chain',
    () => ({
      getClientAddress: ({ address, headers }) =>
        address === TRUSTED_PROXY
          ? chain(SERVER.getHeaderValues(headers, 'X-Forwarded-For')).join()
          : address,
      isListed: (list, addresses) => addresses.split(',').some((each) => isListed(list, each)),
    }),
    'server-ip-edge-chain-first',
  ],
  [
    'ip-no-client-passes',
    listedBy((list, address) => address === TRUSTED_PROXY || isListed(list, address)),
    'server-ip-edge-nobody',
  ],
  [
    'ip-empty-client-passes',
    listedBy((list, address) => address === '' || isListed(list, address)),
    'server-ip-edge-empty',
  ],
  [
    'ip-garbage-passes',
    listedBy((list, address) => plainAddress(address) === undefined || isListed(list, address)),
    'server-ip-edge-word',
  ],
  [
    'ip-found-in-text',
    listedBy((list, address) => isListed(list, address.includes(':') ? address : firstAddressIn(address))),
    'server-ip-edge-suffix',
  ],
  [
    'ip-range-taken-for-address',
    listedBy((list, address) => isListed(list, address.split('/')[0] ?? '')),
    'server-ip-edge-range',
  ],
  [
    'ip-text-prefix',
    listedBy((list, address) => isListed(list, address) || list.some((entry) => address.startsWith(entry))),
    'server-ip-edge-text-prefix',
    'server-ip-edge-ipv6-text-prefix',
    'server-ip-edge-ipv6-text-prefix-group',
  ],
  [
    'ip-no-ranges',
    entries((entry) => (entry.includes('/') ? undefined : entry)),
    'server-ip-edge-cidr-first',
  ],
  ['ip-range-is-its-first', entries((entry) => entry.split('/')[0]), 'server-ip-edge-cidr-last'],
  [
    'ip-single-is-a-range',
    resized('192.0.2.1', '192.0.2.0/30'),
    'server-ip-edge-below',
    'server-ip-edge-above',
  ],
  ['ip-range-by-class', resized('/26', '/24'), 'server-ip-edge-cidr-below', 'server-ip-edge-cidr-above'],
  [
    'ip-range-without-network-address',
    listedBy((list, address) => address !== '198.51.100.64' && isListed(list, address)),
    'server-ip-edge-cidr-first',
  ],
  [
    'ip-range-without-broadcast',
    listedBy((list, address) => address !== '198.51.100.127' && isListed(list, address)),
    'server-ip-edge-cidr-last',
  ],
  ['ip-no-ipv6', entries((entry) => (entry.includes(':') ? undefined : entry)), 'server-ip-edge-ipv6-exact'],
  [
    'ip-ipv6-passes',
    listedBy((list, address) => address.includes(':') || isListed(list, address)),
    'server-ip-edge-ipv6-above',
    'server-ip-edge-mapped-above',
  ],
  ['ip-ipv6-range-too-wide', resized('/48', '/46'), 'server-ip-edge-ipv6-below', 'server-ip-edge-ipv6-above'],
  ['ip-ipv6-range-too-narrow', resized('/48', '/64'), 'server-ip-edge-ipv6-last'],
  [
    'ip-ipv6-range-after-first',
    listedBy((list, address) => address !== '2001:db8:1::' && isListed(list, address)),
    'server-ip-edge-ipv6-first',
  ],
  [
    'ip-ipv6-as-text',
    listedBy((list, address) => isListed(list, address) && !/[A-F]|:0\d/.test(address)),
    'server-ip-edge-ipv6-upper-case',
    'server-ip-edge-ipv6-uncompressed',
  ],
  [
    'ip-mapped-stays-ipv6',
    listedBy((list, address) => !/^::ffff:/i.test(address) && isListed(list, address)),
    'server-ip-edge-mapped',
  ],
  [
    'ip-mapped-only-dotted',
    listedBy((list, address) => !/^::ffff:[0-9a-f]+:/i.test(address) && isListed(list, address)),
    'server-ip-edge-mapped-hex',
  ],
  [
    'ip-mapped-entry-stays-ipv6',
    listedBy((list, address) =>
      isListed(isIPv4(address) ? list.filter((entry) => !entry.startsWith('::ffff:')) : list, address),
    ),
    'server-ip-edge-mapped-entry',
  ],
  [
    'ip-mapped-entry-is-a-range',
    resized('::ffff:203.0.113.9', '203.0.113.8/31'),
    'server-ip-edge-mapped-entry-below',
  ],
]);
