import { REJECTIONS } from '../../core/rejections.ts';
import { expectRejected, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';

const UNSTABLE = new Set(['date', 'x-request-id', 'etag']);

/** Everything about a response that a client can compare: status, header names and values, body. */
const portrait = ({ status, headers, text }: ServerResponse): string =>
  [
    status,
    ...headers.filter(([name]) => !UNSTABLE.has(name.toLowerCase())).map((pair) => pair.join(': ')),
    text,
  ].join('\n');

const forged = { mac: () => 'a'.repeat(64) };

const spoofs = [
  'X-Forwarded-For',
  'Forwarded',
  'X-Real-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'Fastly-Client-IP',
  'X-Originating-IP',
  'X-Remote-IP',
  'Client-IP',
] as const;

const fromListedAddress = async (server: ServerUnderTest, header: string): Promise<void> => {
  const value = header === 'Forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
  const request = server.craft({}, server.basis('ipListed'));
  const response = await server.send(request, { extraHeaders: [[header, value]] });
  expectRejected(server.check, response, REJECTIONS.sourceIp);
};

/** What a rejection reveals about keys, and the addresses from which a key works. */
export const KEY_CASES = [
  ...serverCases({ group: 'key', spec: '§2' }, [
    {
      id: 'key-revoked',
      description: 'a revoked key, correctly signed',
      run: async (server) => {
        expectRejected(
          server.check,
          await server.ask({}, server.basis('revoked')),
          REJECTIONS.invalidSignature,
        );
      },
    },
    {
      id: 'key-faults-look-alike',
      description: 'unknown key, revoked key, wrong secret and forged signature get the same response',
      run: async (server) => {
        const { secret: wrong } = server.basis('other');
        const responses = [
          await server.ask({ keyId: 'ck_unknown' }),
          await server.ask({}, server.basis('revoked')),
          await server.ask(forged, server.basis('revoked')),
          await server.ask({ secret: wrong }),
          await server.ask(forged),
        ];
        for (const response of responses) expectRejected(server.check, response, REJECTIONS.invalidSignature);
        const [first, ...others] = responses.map(portrait);
        for (const response of others)
          server.check.equal('whole response', { expected: first ?? '', actual: response });
      },
    },
    {
      id: 'key-no-echo',
      description: 'a rejection contains neither the expected signature nor the secret',
      run: async (server) => {
        const request = server.craft(forged);
        const response = await server.send(request);
        expectRejected(server.check, response, REJECTIONS.invalidSignature);
        const all = JSON.stringify(response.headers) + response.text;
        server.check.that(!all.includes(request.validSignature), {
          what: 'expected signature in the response',
          expected: 'absent',
          actual: 'present',
        });
      },
    },
  ]),
  ...serverCases({ group: 'source-ip', spec: '§2 restriction 3' }, [
    {
      id: 'ip-not-listed',
      description: 'a key with a whitelist, from an address that is not in it',
      run: async (server) => {
        expectRejected(server.check, await server.ask({}, server.basis('ipListed')), REJECTIONS.sourceIp);
      },
    },
    {
      id: 'ip-after-signature',
      description: 'a forged signature does not reveal the whitelist',
      run: async (server) => {
        const response = await server.ask(forged, server.basis('ipListed'));
        expectRejected(server.check, response, REJECTIONS.invalidSignature);
      },
    },
    {
      id: 'ip-before-permission',
      description: 'the whitelist goes before an unknown route',
      spec: '§2.1',
      run: async (server) => {
        const basis = server.basis('ipListed');
        const response = await server.ask({ target: `/v1/unknown?nonce=${basis.nonce}` }, basis);
        expectRejected(server.check, response, REJECTIONS.sourceIp);
      },
    },
    {
      id: 'ip-refusal-does-not-burn',
      description: 'a request from a wrong address was not admitted: sent again, it gets the same response',
      run: async (server) => {
        const request = server.craft({}, server.basis('ipListed'));
        for (let i = 0; i < 2; i++)
          expectRejected(server.check, await server.send(request), REJECTIONS.sourceIp);
      },
    },
    ...spoofs.map((header) => ({
      id: `ip-spoofed-${header.toLowerCase()}`,
      description: `${header} from an untrusted address is ignored`,
      run: (server: ServerUnderTest) => fromListedAddress(server, header),
    })),
  ]),
];
