import { createHash } from 'node:crypto';
import { KEY_HEADER } from '@cpg/protocol';
import { REJECTIONS } from '../../core/rejections.ts';
import { expectAccepted, expectClientError, expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { withoutEffect } from './credential-cases.ts';

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

/** Headers that replace a signed field in other APIs, and bodies that frameworks leave out. */
export const OVERRIDE_CASES = serverCases({ group: 'credentials', spec: '§2' }, [
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
