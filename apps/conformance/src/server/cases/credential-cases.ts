import { endpoints, KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { NotApplicable } from '../../core/checker.ts';
import { createPermissionRejection, REJECTIONS } from '../../core/rejections.ts';
import { sendInTurn } from '../concurrency.ts';
import { encodeTrailers } from '../encode-request.ts';
import { assertRoute } from '../routes.ts';
import { expectAccepted, expectClientError, expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { ODD_SECRETS } from '../test-keys.ts';

const encodeBase64 = (text: string): string => Buffer.from(text).toString('base64');

/** What other APIs accept in `Authorization`. */
const getAuthorizations = (server: ServerUnderTest, signature: string): readonly string[] => {
  const { keyId, secret } = server.target.keys.full;
  return [
    `Bearer ${secret}`,
    `Bearer ${keyId}`,
    `Bearer ${signature}`,
    `Basic ${encodeBase64(`${keyId}:${secret}`)}`,
    `Basic ${encodeBase64(`${keyId}:${signature}`)}`,
    `Basic ${encodeBase64(`${keyId}:`)}`,
    `HMAC-SHA256 ${keyId}:${signature}`,
    secret,
  ];
};

/** Sends the three values in other places than the three headers. */
const inOtherPlaces = async (server: ServerUnderTest): Promise<void> => {
  const names = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER];
  const { headers } = server.craft();
  const pairs = headers.map(([name, value]) => `${name}=${value}`);
  const cookie = await server.send(server.craft({ headers: () => [] }), {
    extraHeaders: [['Cookie', pairs.join('; ')]],
  });
  expectRejected(server.check, cookie, REJECTIONS.missingHeaders);
  const { keyId, now, nonce } = server.basis();
  const target = `/v1/_ping?nonce=${nonce}&${KEY_HEADER}=${keyId}&${TIMESTAMP_HEADER}=${now}`;
  // The signature in the query covers the rest of it, or nothing of what was added.
  for (const signed of [target, `/v1/_ping?nonce=${nonce}`]) {
    const request = server.craft({ target, signed: { target: signed, timestamp: String(now) } });
    const signature = request.headers.find(([name]) => name === names[2])?.[1] ?? '';
    const sent = `${target}&${SIGNATURE_HEADER}=${signature}`;
    const response = await server.send({ ...request, target: sent, headers: [] });
    expectRejected(server.check, response, REJECTIONS.missingHeaders);
  }
};

/** Every header of a list, beside a correct request: no effect. */
export const withoutEffect =
  (names: readonly string[], value: string) =>
  async (server: ServerUnderTest): Promise<void> => {
    for (const name of names) {
      const request = server.craft({}, server.basis('other'));
      const response = await server.send(request, { extraHeaders: [[name, value]] });
      expectAccepted(server.check, response);
    }
  };

/** What has no say in authentication: other headers, other places, and earlier requests. */
export const CREDENTIAL_CASES = serverCases({ group: 'credentials', spec: '§2' }, [
  {
    id: 'authorization-instead',
    description: 'Authorization (Bearer, Basic and others) in place of the three headers',
    spec: '§1.1, §2',
    run: async (server) => {
      const { validSignature } = server.craft();
      for (const value of getAuthorizations(server, validSignature)) {
        const request = server.craft({ headers: () => [['Authorization', value]] });
        expectRejected(server.check, await server.send(request), REJECTIONS.missingHeaders);
      }
    },
  },
  {
    id: 'authorization-instead-of-signature',
    description: 'Authorization in place of X-CPG-Signature',
    spec: '§1.1, §2',
    run: async (server) => {
      const { validSignature } = server.craft();
      for (const value of getAuthorizations(server, validSignature)) {
        const response = await server.ask({
          headers: (headers) => [...headers.slice(0, 2), ['Authorization', value]],
        });
        expectRejected(server.check, response, REJECTIONS.missingHeaders);
      }
    },
  },
  {
    id: 'authorization-beside-forged',
    description: 'a forged signature is invalid, whatever Authorization says',
    run: async (server) => {
      const { validSignature } = server.craft();
      for (const value of getAuthorizations(server, validSignature)) {
        const response = await server.ask({
          mac: () => 'a'.repeat(64),
          headers: (headers) => [...headers, ['Authorization', value]],
        });
        expectRejected(server.check, response, REJECTIONS.invalidSignature);
      }
    },
  },
  {
    id: 'authorization-no-effect',
    description: 'Authorization beside a correct signature has no effect',
    run: async (server) => {
      for (const value of ['Basic eDp5', 'Bearer x']) await withoutEffect(['Authorization'], value)(server);
    },
  },
  {
    id: 'credentials-on-connection',
    description:
      'a connection is not authenticated: its next request needs headers and permissions of its own',
    spec: '§1.1, §2',
    run: async (server) => {
      await assertRoute(server, endpoints.listBalances);
      const balances = () => ({ target: `/v1/balances?nonce=${server.basis().nonce}` });
      const noperm = server.basis('noperm');
      const [good, ...others] = await sendInTurn(server, [
        server.craft(balances()),
        server.craft({ headers: () => [] }),
        server.craft({ headers: (headers) => headers.slice(0, 1) }),
        server.craft({ mac: () => 'a'.repeat(64) }),
        server.craft({ keyId: 'ck_unknown' }),
        server.craft(balances(), noperm),
      ]);
      const expected = [
        REJECTIONS.missingHeaders,
        REJECTIONS.missingHeaders,
        REJECTIONS.invalidSignature,
        REJECTIONS.invalidSignature,
        createPermissionRejection('read_balance'),
      ];
      if (good !== undefined) expectAccepted(server.check, good);
      for (const [i, rejection] of expected.entries()) {
        const response = others[i];
        if (response !== undefined) expectRejected(server.check, response, rejection);
      }
    },
  },
  {
    id: 'credentials-in-other-places',
    description: 'the three values in cookies and in the query (as signed URLs have them)',
    spec: '§1.1',
    run: inOtherPlaces,
  },
  {
    id: 'credentials-in-trailers',
    description: 'the three headers, or the signature, after a chunked body',
    spec: '§1.1',
    run: async (server) => {
      for (const kept of [0, 2]) {
        const request = server.craft({ body: Buffer.from('{"covered":true}') });
        const early = { ...request, headers: request.headers.slice(0, kept) };
        const sent = server.encode(early, { chunked: true });
        const trailed = { ...sent, body: encodeTrailers(sent.body, request.headers.slice(kept)) };
        const response = await server.sendEncoded(trailed);
        // An HTTP parser may reject trailers.
        if (response.status === 401) expectRejected(server.check, response, REJECTIONS.missingHeaders);
        else expectClientError(server.check, response);
      }
    },
  },
  {
    id: 'header-underscores',
    description: 'header names with _ in place of -',
    spec: '§1.1, §2',
    run: async (server) => {
      const response = await server.ask({
        headers: (headers) => headers.map(([name, value]) => [name.replaceAll('-', '_'), value]),
      });
      expectRejected(server.check, response, REJECTIONS.missingHeaders);
    },
  },
  {
    id: 'header-underscores-beside',
    description: 'headers with _ beside the three have no effect',
    run: async (server) => {
      const { keyId } = server.target.keys.full;
      for (const name of [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER])
        await withoutEffect([name.replaceAll('-', '_')], keyId)(server);
    },
  },
]);

/** Secrets that a server may trim, decode or read in another encoding. */
export const ODD_SECRET_CASES = serverCases(
  { group: 'credentials', spec: '§1.2', needs: ['odd'] },
  ODD_SECRETS.map(({ kind, description }) => ({
    id: `odd-secret-${kind}`,
    description: `a secret ${description} is used as its UTF-8 bytes`,
    run: async (server: ServerUnderTest) => {
      const key = server.target.keys.odd?.[kind];
      if (key === undefined) throw new NotApplicable(`needs: odd.${kind}`);
      expectAccepted(server.check, await server.ask({}, server.basisFor(key)));
    },
  })),
);
