import { NotApplicable } from '../../core/checker.ts';
import type { HeaderPair } from '../../core/probes/index.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { expectAccepted, expectRejected, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import type { Role } from '../test-keys.ts';

/** The whitelist of the role `ipEdges`. */
export const IP_EDGES = Object.freeze([
  '192.0.2.1',
  '198.51.100.64/26',
  '2001:db8:1::/48',
  '2001:db8:2::7',
  '::ffff:203.0.113.9',
]);

/** Sends a request through the proxy, which names these clients in `X-Forwarded-For`, one header each. */
const askThroughProxy = (
  server: ServerUnderTest,
  clients: readonly string[],
  role: Role = 'ipEdges',
): Promise<ServerResponse> => {
  const { address, proxyAddress } = server.target;
  if (proxyAddress === undefined) throw new NotApplicable('needs: proxy');
  const extraHeaders = clients.map((client): HeaderPair => ['X-Forwarded-For', client]);
  const proxied = server.at({ ...address, localAddress: proxyAddress });
  return proxied.send(proxied.craft({}, proxied.basis(role)), { extraHeaders });
};

type Row = readonly [id: string, description: string, ...clients: string[]];

const listed = ([id, description, ...clients]: Row) => ({
  id: `ip-edge-${id}`,
  description: `${description}: accepted`,
  run: async (server: ServerUnderTest) =>
    expectAccepted(server.check, await askThroughProxy(server, clients)),
});

const unlisted = ([id, description, ...clients]: Row) => ({
  id: `ip-edge-${id}`,
  description: `${description}: rejected`,
  run: async (server: ServerUnderTest) =>
    expectRejected(server.check, await askThroughProxy(server, clients), REJECTIONS.sourceIp),
});

/** Only a broken proxy sends this. The wire protocol does not say which error its clients get. */
const garbage = ([id, description, ...clients]: Row) => ({
  id: `ip-edge-${id}`,
  description: `${description}: rejected`,
  run: async (server: ServerUnderTest) => {
    const { status } = await askThroughProxy(server, clients);
    server.check.that(status >= 400, { what: 'status', expected: '4xx or 5xx', actual: String(status) });
  },
});

const LISTED: readonly Row[] = [
  ['exact', 'the listed address', '192.0.2.1'],
  ['cidr-first', 'the first address of a range', '198.51.100.64'],
  ['cidr-last', 'the last address of a range', '198.51.100.127'],
  ['ipv6-exact', 'the listed IPv6 address', '2001:db8:2::7'],
  ['ipv6-first', 'the first address of an IPv6 range', '2001:db8:1::'],
  ['ipv6-last', 'the last address of an IPv6 range', '2001:db8:1:ffff:ffff:ffff:ffff:ffff'],
  ['ipv6-upper-case', 'an IPv6 address in upper case', '2001:DB8:2::7'],
  ['ipv6-uncompressed', 'an IPv6 address in full', '2001:0db8:0002:0000:0000:0000:0000:0007'],
  ['mapped', 'a listed IPv4 address, mapped to IPv6', '::ffff:192.0.2.1'],
  ['mapped-hex', 'a listed IPv4 address, mapped and in hex', '::ffff:c000:201'],
  ['mapped-entry', 'the IPv4 address of a mapped entry', '203.0.113.9'],
  ['chain-last', 'a chain whose last address is listed', '10.9.9.9, 192.0.2.1'],
  ['two-headers', 'two headers, the second with the listed address', '10.9.9.9', '192.0.2.1'],
];

const UNLISTED: readonly Row[] = [
  ['below', 'the address below a listed one', '192.0.2.0'],
  ['above', 'the address above a listed one', '192.0.2.2'],
  ['text-prefix', 'an address that begins with the text of a listed one', '192.0.2.11'],
  ['ipv6-text-prefix', 'an IPv6 address that begins with the text of a listed one', '2001:db8:2::70'],
  ['ipv6-text-prefix-group', 'one that goes on with another group', '2001:db8:2::7:1'],
  ['cidr-below', 'the address below a range', '198.51.100.63'],
  ['cidr-above', 'the address above a range', '198.51.100.128'],
  ['ipv6-below', 'the address below an IPv6 range', '2001:db8:0:ffff:ffff:ffff:ffff:ffff'],
  ['ipv6-above', 'the address above an IPv6 range', '2001:db8:2::'],
  ['mapped-above', 'the mapped address above a listed one', '::ffff:192.0.2.2'],
  ['mapped-entry-below', 'the address below a mapped entry', '203.0.113.8'],
  ['chain-first', 'a chain whose first address is listed: anyone may write that', '192.0.2.1, 10.9.9.9'],
  ['two-headers-first', 'two headers, the first with the listed address', '192.0.2.1', '10.9.9.9'],
  ['nobody', 'a proxy that names no client'],
];

const GARBAGE: readonly Row[] = [
  ['empty', 'an empty client', ''],
  ['word', 'a client that is no address', 'unknown'],
  ['suffix', 'a listed address with a suffix', '192.0.2.1.example'],
  ['range', 'a client that is a range', '192.0.2.1/32'],
];

/** Edge cases of the whitelist, by the client address that a trusted proxy reports. */
export const IP_EDGE_CASES = serverCases({ group: 'source-ip', spec: '§2 restriction 3', needs: ['proxy'] }, [
  ...LISTED.map(listed),
  ...UNLISTED.map(unlisted),
  ...GARBAGE.map(garbage),
  {
    id: 'ip-edge-no-whitelist',
    description: 'a key without a whitelist works from any address',
    run: async (server) => expectAccepted(server.check, await askThroughProxy(server, ['10.9.9.9'], 'full')),
  },
  {
    id: 'ip-edge-no-proxy',
    description: 'forwarding headers from an address that is not a trusted proxy are ignored',
    run: async (server) => {
      const request = server.craft({}, server.basis('ipEdges'));
      const response = await server.send(request, { extraHeaders: [['X-Forwarded-For', '192.0.2.1']] });
      expectRejected(server.check, response, REJECTIONS.sourceIp);
    },
  },
]);
