import { endpoints } from '@cpg/protocol';
import type { Expected, Recipe } from '../../core/probes/index.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import type { Encoding } from '../encode-request.ts';
import { assertRoute, assertServed } from '../routes.ts';
import {
  expectAccepted,
  expectAuthenticated,
  expectClientError,
  expectRejected,
  expectResponse,
} from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import type { Role } from '../test-keys.ts';

const LIMIT = 1024 * 1024;

const post = (
  server: ServerUnderTest,
  body: Buffer | string,
  {
    encoding = {},
    recipe = {},
    role = 'full',
  }: { encoding?: Partial<Encoding>; recipe?: Recipe; role?: Role } = {},
) => {
  const basis = server.basis(role);
  const target = `/v1/withdrawals?nonce=${basis.nonce}`;
  return server.send(
    server.craft({ method: 'POST', target, body: Buffer.from(body), ...recipe }, basis),
    encoding,
  );
};

/** Like `post`, for responses of the route itself. */
const postServed = async (server: ServerUnderTest, body: string) => {
  const response = await post(server, body);
  assertServed(server, response, endpoints.createWithdrawal);
  return response;
};

const sized =
  (size: number, expected: Expected, encoding: Partial<Encoding> = {}) =>
  async (server: ServerUnderTest): Promise<void> =>
    expectResponse(server.check, await post(server, Buffer.alloc(size, 0x20), { encoding }), expected);

const OTHER_CONTENT_TYPES = [
  'application/json; charset=utf-8',
  'Application/JSON;Charset="UTF-8"',
  'application/json; charset=iso-8859-1',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  null,
];

const DEEP = 5_000;

const fields = (changes: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({
    currency: 'USDT',
    network: 'ETH',
    to_address: '0x0000000000000000000000000000000000000001',
    amount: '0',
    ...changes,
  });

/** Bodies that no server accepts, and that must not be an error of the server. */
const ODD_BODIES: readonly (Buffer | string)[] = [
  ...['currency', 'network', 'to_address', 'amount', 'client_reference'].flatMap((name) =>
    [null, [], {}, true, [[]], { toString: 'x' }].map((value) => fields({ [name]: value })),
  ),
  ...['currency', 'network', 'to_address'].map((name) => fields({ [name]: 1 })),
  fields({ amount: '1e999' }),
  fields({}).replace('"0"', '1e999'),
  fields({}).replace('"0"', '-0'),
  fields({ client_reference: 'x'.repeat(10_000) }),
  fields({ client_reference: '\0' }),
  fields({ currency: '\0' }),
  fields({ to_address: '\0'.repeat(20) }),
  fields({}).replace('"USDT"', '"\\ud800"'),
  '{"__proto__":{"amount":"1"},"constructor":1}',
  `${'['.repeat(DEEP)}${']'.repeat(DEEP)}`,
  `${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}`,
  '\ufeff[]',
  Buffer.from('{"currency":"\xff\xfe"}', 'latin1'),
  Buffer.from('\ufeff{}', 'utf16le'),
];

const PATIENCE_MS = 2_000;

/**
 * Two framings that disagree: the request must be rejected, whichever of them is signed. Then the server must
 * still serve.
 */
const smuggled =
  (recipes: readonly Recipe[], extraHeaders: Encoding['extraHeaders']) => async (server: ServerUnderTest) => {
    for (const recipe of recipes) {
      const sent = server.encode(server.craft(recipe), { extraHeaders: extraHeaders ?? [] });
      const response = await server.provoke(sent, PATIENCE_MS);
      const { status = 400 } = response ?? {};
      server.check.that((status >= 400 && status < 500) || status === 501, {
        what: 'status',
        expected: '4xx, a closed connection or no response',
        actual: String(status),
      });
    }
    expectAccepted(server.check, await server.ask());
  };

const AMBIGUOUS = { spec: '§1.2, §3, RFC 9112 section 6.3' } as const;

const FOREIGN_NAME = 'сума_額_☃_🂡';

/** Body size, framing and syntax. */
export const BODY_CASES = [
  ...serverCases({ group: 'body', spec: '§1.2, §3' }, [
    { id: 'body-limit', description: 'exactly 1 MiB', run: sized(LIMIT, 'authenticated') },
    {
      id: 'body-limit-plus-1',
      description: '1 MiB and one byte',
      run: sized(LIMIT + 1, REJECTIONS.bodyTooLarge),
    },
    {
      id: 'body-limit-chunked',
      description: 'exactly 1 MiB, chunked',
      run: sized(LIMIT, 'authenticated', { chunked: true }),
    },
    {
      id: 'body-limit-plus-1-chunked',
      description: '1 MiB and one byte, chunked, without Content-Length',
      run: sized(LIMIT + 1, REJECTIONS.bodyTooLarge, { chunked: true }),
    },
    {
      id: 'body-too-large-before-signature',
      description: 'too large and forged: 413',
      spec: '§2.1',
      run: async (server) => {
        const recipe = { mac: () => '0'.repeat(64) };
        expectRejected(
          server.check,
          await post(server, Buffer.alloc(LIMIT + 1), { recipe }),
          REJECTIONS.bodyTooLarge,
        );
      },
    },
    {
      id: 'body-timestamp-before-too-large',
      description: 'too late and too large: rejected for its timestamp',
      spec: '§2.1',
      run: async (server) => {
        const recipe = { timestamp: '0' };
        expectRejected(
          server.check,
          await post(server, Buffer.alloc(LIMIT + 1), { recipe }),
          REJECTIONS.outsideWindow,
        );
      },
    },
    {
      id: 'body-chunked',
      description: 'the hash covers the bytes, not the chunks',
      run: async (server) => {
        const response = await post(server, '{"chunked":"across three chunks"}', {
          encoding: { chunked: true },
        });
        expectAuthenticated(server.check, response);
      },
    },
    {
      id: 'body-chunked-get',
      description: 'a chunked body on a GET is covered',
      run: async (server) => {
        const request = server.craft({ body: Buffer.from('{"covered":true}') });
        expectAccepted(server.check, await server.send(request, { chunked: true }));
      },
    },
    {
      id: 'body-any-content-type',
      description: 'the content type of a body changes nothing: any, and none, get one response',
      spec: '§3',
      run: async (server) => {
        const body = `{"nonce":"${server.basis().nonce}"}`;
        const usual = await post(server, body, { role: 'other' });
        expectAuthenticated(server.check, usual);
        for (const contentType of OTHER_CONTENT_TYPES) {
          const { status, text } = await post(server, body, {
            role: 'other',
            encoding: { contentType },
          });
          server.check.equal(`response with ${contentType ?? 'no'} Content-Type`, {
            expected: `${usual.status} ${usual.text}`,
            actual: `${status} ${text}`,
          });
        }
      },
    },
    {
      ...AMBIGUOUS,
      id: 'body-two-lengths',
      description: 'two different Content-Length headers, signed for the one and for the other',
      run: smuggled(
        [{ body: Buffer.from('{} ') }, { body: Buffer.from('{} '), signed: { body: Buffer.from('{}') } }],
        [['Content-Length', '2']],
      ),
    },
    {
      ...AMBIGUOUS,
      id: 'body-length-and-chunked',
      description: 'Content-Length and Transfer-Encoding together, signed for what the length counts',
      run: smuggled([{ body: Buffer.from('2\r\n{}\r\n0\r\n\r\n') }], [['Transfer-Encoding', 'chunked']]),
    },
  ]),
  ...serverCases({ group: 'syntax', spec: '§2.1, §3' }, [
    {
      id: 'syntax-malformed-json',
      description: 'a body that is not JSON',
      run: async (server) =>
        expectRejected(server.check, await postServed(server, '{"amount":'), REJECTIONS.malformedJson),
    },
    {
      id: 'syntax-key-twice',
      description: 'a JSON object with a key twice, whose value depends on the parser, is malformed',
      spec: '§4',
      run: async (server) => {
        const body = '{"currency":"USDT","network":"ETH","to_address":"0x1","amount":"1","amount":"2"}';
        expectRejected(server.check, await postServed(server, body), REJECTIONS.malformedJson);
      },
    },
    {
      id: 'syntax-no-object',
      description: 'a body that is JSON, but no object: 422',
      spec: '§4',
      run: async (server) => {
        const expected = { status: 422, message: 'body: Input should be an object' };
        expectRejected(server.check, await postServed(server, '[]'), expected);
        for (const body of ['null', '1', '"x"', 'true', '[{}]'])
          expectRejected(server.check, await post(server, body, { role: 'other' }), expected);
      },
    },
    {
      id: 'syntax-odd-bodies',
      description: 'bodies with other types, deep nesting, special names, lone surrogates and no UTF-8: 4xx',
      run: async (server) => {
        await postServed(server, '{}');
        for (const body of ODD_BODIES)
          expectClientError(server.check, await post(server, body, { role: 'other' }));
      },
    },
    {
      id: 'syntax-permission-first',
      description: 'permission goes before body syntax',
      run: async (server) => {
        await assertRoute(server, endpoints.createWithdrawal);
        const basis = server.basis('readonly');
        const target = `/v1/withdrawals?nonce=${basis.nonce}`;
        const response = await server.ask({ method: 'POST', target, body: Buffer.from('{') }, basis);
        server.check.equal('status', { expected: 403, actual: response.status });
      },
    },
    {
      id: 'syntax-signature-first',
      description: 'the signature goes before body syntax',
      run: async (server) => {
        const recipe = { mac: () => '0'.repeat(64) };
        expectRejected(server.check, await post(server, '{', { recipe }), REJECTIONS.invalidSignature);
      },
    },
    {
      id: 'syntax-schema',
      description: 'fields that are missing or unknown: 422 in schema order',
      run: async (server) => {
        const body = '{"currency":"USDT","client_refrence":"x"}';
        const message =
          'network: Field required; amount: Field required; to_address: Field required; client_refrence: Unexpected field';
        expectRejected(server.check, await postServed(server, body), { status: 422, message });
      },
    },
    {
      id: 'syntax-schema-text',
      description: 'the name of an unknown field in other scripts is echoed in full: its length is in bytes',
      spec: '§3, §4',
      run: async (server) => {
        const body = JSON.stringify({ [FOREIGN_NAME]: 1 });
        const response = await postServed(server, body);
        const { message } = (response.json ?? {}) as { readonly message?: unknown };
        expectRejected(server.check, response, { status: 422, message: String(message) });
        server.check.that(String(message).endsWith(`; ${FOREIGN_NAME}: Unexpected field`), {
          what: 'message',
          expected: `…; ${FOREIGN_NAME}: Unexpected field`,
          actual: String(message),
        });
      },
    },
    {
      id: 'syntax-schema-limits',
      description: 'the 422 message of the example in the wire protocol',
      run: async (server) => {
        const body = '{"currency":"USDT","network":"ETH","to_address":"0x1","amount":"0"}';
        const message =
          'amount: Input should be greater than 0; to_address: String should have at least 10 characters';
        expectRejected(server.check, await postServed(server, body), { status: 422, message });
      },
    },
  ]),
];
