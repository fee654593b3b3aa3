import { createHash } from 'node:crypto';
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

const toBase64 = (body: Buffer): string => createHash('sha256').update(body).digest('base64');
const toHex = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

/** Headers in which other protocols carry the hash of a body. */
const HASH_HEADERS: Readonly<Record<string, (body: Buffer) => string>> = {
  'X-Content-SHA256': toHex,
  'X-Content-Hash': toHex,
  'X-Body-SHA256': toHex,
  'X-CPG-Content-SHA256': toHex,
  'X-CPG-Body-SHA256': toHex,
  'X-Amz-Content-SHA256': toHex,
  Digest: (body) => `SHA-256=${toBase64(body)}`,
  'Content-Digest': (body) => `sha-256=:${toBase64(body)}:`,
};

const METHOD_HEADERS = ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'];
const URL_HEADERS = [
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-Original-URI',
  'X-Forwarded-Uri',
  'X-Forwarded-Path',
];

/** Every header of a list, beside a correct request: no effect. */
const withoutEffect =
  (names: readonly string[], value: string) =>
  async (server: ServerUnderTest): Promise<void> => {
    for (const name of names) {
      const request = server.craft({}, server.basis('other'));
      const response = await server.send(request, { extraHeaders: [[name, value]] });
      expectAccepted(server.check, response);
    }
  };

/** Content types of bodies that a framework may leave unparsed. */
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/problem+json',
  'application/xml',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  null,
];

/** Bodies that a framework may take for none. */
const BLANKS = ['{}', '[]', 'null', '""', '0', 'false', ' ', '\n', '\0'];

const signedWithout = (server: ServerUnderTest, sent: string, signed = '') => ({
  method: 'POST',
  target: `/v1/withdrawals?nonce=${server.basis().nonce}`,
  body: Buffer.from(sent),
  signed: { body: Buffer.from(signed) },
});

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
  ...Object.entries(HASH_HEADERS).map(([name, write]) => ({
    id: `hash-header-${name.toLowerCase()}`,
    description: `${name} is not believed: the hash is over the body that arrived`,
    spec: '§1.2, §2',
    run: async (server: ServerUnderTest) => {
      const recipe = signedWithout(server, '{"amount":"2"}', '{"amount":"1"}');
      const response = await server.send(server.craft(recipe), {
        extraHeaders: [[name, write(recipe.signed.body)]],
      });
      expectRejected(server.check, response, REJECTIONS.invalidSignature);
    },
  })),
  {
    id: 'hash-header-unsigned-payload',
    description: 'no header takes the body out of the signature',
    spec: '§1.2, §2',
    run: async (server) => {
      for (const name of ['X-Amz-Content-SHA256', 'X-Content-SHA256'])
        for (const signed of ['', 'UNSIGNED-PAYLOAD']) {
          const recipe = signedWithout(server, '{"amount":"2"}', signed);
          const response = await server.send(server.craft(recipe), {
            extraHeaders: [[name, 'UNSIGNED-PAYLOAD']],
          });
          expectRejected(server.check, response, REJECTIONS.invalidSignature);
        }
    },
  },
  {
    id: 'hash-header-no-effect',
    description: 'a header with another hash has no effect',
    run: async (server) => {
      for (const [name, write] of Object.entries(HASH_HEADERS))
        await withoutEffect([name], write(Buffer.from('another body')))(server);
    },
  },
  {
    id: 'method-header-believed',
    description: 'a header that names the signed method does not make up for another one',
    spec: '§1.2, §2',
    run: async (server) => {
      for (const name of METHOD_HEADERS)
        for (const [method, signed] of [
          ['GET', 'POST'],
          ['POST', 'GET'],
        ] as const) {
          const request = server.craft({ method, signed: { method: signed } });
          const response = await server.send(request, { extraHeaders: [[name, signed]] });
          expectRejected(server.check, response, REJECTIONS.invalidSignature);
        }
    },
  },
  {
    id: 'method-header-no-effect',
    description: 'a header that names another method has no effect: neither on a GET, nor on a POST',
    run: async (server) => {
      await withoutEffect(METHOD_HEADERS, 'DELETE')(server);
      for (const name of METHOD_HEADERS) {
        const response = await server.send(server.craft({ method: 'POST' }), {
          extraHeaders: [[name, 'GET']],
        });
        expectRejected(server.check, response, REJECTIONS.methodNotAllowed);
      }
    },
  },
  {
    id: 'url-header-believed',
    description: 'a header that names the signed target does not make up for another one',
    spec: '§1.2, §2',
    run: async (server) => {
      for (const name of URL_HEADERS) {
        const signed = `/v1/_ping?nonce=${server.basis().nonce}`;
        const request = server.craft({ target: '/v1/unknown', signed: { target: signed } });
        const response = await server.send(request, { extraHeaders: [[name, signed]] });
        expectRejected(server.check, response, REJECTIONS.invalidSignature);
      }
    },
  },
  {
    id: 'url-header-prefix',
    description: 'a header that names a prefix of the path does not add it to the signed target',
    spec: '§1.2, §2',
    run: async (server) => {
      for (const name of ['X-Forwarded-Prefix', 'X-Script-Name', 'X-Forwarded-Path']) {
        const target = `/_ping?nonce=${server.basis().nonce}`;
        const request = server.craft({ target, signed: { target: `/v1${target}` } });
        // Outside of /v1 there may be no authentication at all.
        expectClientError(server.check, await server.send(request, { extraHeaders: [[name, '/v1']] }));
      }
    },
  },
  {
    id: 'url-header-no-effect',
    description: 'a header that names another target has no effect',
    run: withoutEffect(URL_HEADERS, '/v1/unknown'),
  },
  {
    id: 'body-tampered-any-content-type',
    description:
      'a changed body, and one added to a request signed without, is invalid with any content type',
    spec: '§1.2, §3',
    run: async (server) => {
      for (const contentType of TYPES)
        for (const signed of ['', '{"amount":"1"}']) {
          const request = server.craft(signedWithout(server, '{"amount":"2"}', signed));
          const response = await server.send(request, { contentType });
          expectRejected(server.check, response, REJECTIONS.invalidSignature);
        }
    },
  },
  {
    id: 'body-blank-added',
    description: 'bodies such as {}, null or a space, added to a request signed without one',
    spec: '§1.2',
    run: async (server) => {
      for (const body of BLANKS)
        expectRejected(
          server.check,
          await server.ask(signedWithout(server, body)),
          REJECTIONS.invalidSignature,
        );
    },
  },
]);

const status = ({ check }: ServerUnderTest, expected: number, actual: number): void =>
  check.equal('status', { expected, actual });

/** HEAD and OPTIONS, which frameworks answer by themselves. */
export const METHOD_CASES = serverCases({ group: 'methods', spec: '§4' }, [
  {
    id: 'head-under-get',
    description: 'HEAD with the signature of a GET is invalid, and does not use it up',
    spec: '§1.2, §2 restriction 2',
    run: async (server) => {
      const request = server.craft();
      const head = await server.send({ ...request, method: 'HEAD' });
      status(server, REJECTIONS.invalidSignature.status, head.status);
      expectAccepted(server.check, await server.send(request));
    },
  },
  {
    id: 'head-unsigned',
    description: 'HEAD without authentication: 401',
    run: async (server) => {
      const response = await server.ask({ method: 'HEAD', headers: () => [] });
      status(server, REJECTIONS.missingHeaders.status, response.status);
    },
  },
  {
    id: 'head-signed',
    description: 'HEAD, signed: 405',
    run: async (server) => {
      const response = await server.ask({ method: 'HEAD' });
      status(server, REJECTIONS.methodNotAllowed.status, response.status);
    },
  },
  {
    id: 'options-unsigned',
    description:
      'OPTIONS without authentication, as browsers send it before a request to another origin: 401',
    run: async (server) => {
      const preflight = {
        extraHeaders: [
          ['Origin', 'https://shop.example'],
          ['Access-Control-Request-Method', 'GET'],
          ['Access-Control-Request-Headers', KEY_HEADER],
        ],
      } as const;
      for (const encoding of [{}, preflight]) {
        const request = server.craft({ method: 'OPTIONS', headers: () => [] });
        expectRejected(server.check, await server.send(request, encoding), REJECTIONS.missingHeaders);
      }
    },
  },
  {
    id: 'options-under-get',
    description: 'OPTIONS with the signature of a GET is invalid',
    spec: '§1.2',
    run: async (server) => {
      const response = await server.ask({ method: 'OPTIONS', signed: { method: 'GET' } });
      expectRejected(server.check, response, REJECTIONS.invalidSignature);
    },
  },
  {
    id: 'options-signed',
    description: 'OPTIONS, signed: 405',
    run: async (server) => {
      const response = await server.ask({ method: 'OPTIONS' });
      expectRejected(server.check, response, REJECTIONS.methodNotAllowed);
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
