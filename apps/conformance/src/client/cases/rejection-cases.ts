import { AUTHENTICATION_HEADERS } from '@cpg/protocol';
import { createPermissionRejection, type ExpectedRejection, REJECTIONS } from '../../core/rejections.ts';
import { getHeaderValues } from '../../wire/http-message.ts';
import { startCapture } from '../capture-server.ts';
import { type Call, type ClientUnderTest, clientCases } from '../client-under-test.ts';
import { rejection, success, WITHDRAWAL_ARGS } from '../replies.ts';

const REFUSALS: Readonly<Record<string, ExpectedRejection>> = {
  'malformed-target': REJECTIONS.malformedTarget,
  'missing-headers': REJECTIONS.missingHeaders,
  'invalid-signature': REJECTIONS.invalidSignature,
  permission: createPermissionRejection('read_balance'),
  'source-ip': REJECTIONS.sourceIp,
  'not-found': REJECTIONS.notFound,
  conflict: { status: 409, message: 'client_reference was already used with different parameters' },
  validation: { status: 422, message: 'amount: Input should be greater than 0' },
  'insufficient-balance': { status: 400, message: 'Insufficient available balance' },
};

const rejected = async (client: ClientUnderTest, id: string, response: ExpectedRejection): Promise<void> =>
  client.play({ label: `refused-${id}`, respond: () => rejection(response) }, async (scene) => {
    const result = await scene.call({
      operation: 'withdrawals.create',
      args: { ...WITHDRAWAL_ARGS, client_reference: 'r' },
    });
    scene.expectAllSigned();
    client.check.equal('requests', {
      expected: 1,
      actual: scene.captured().length,
      hint: 'This response will not change: a retry only uses up the rate limit.',
    });
    client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
    if (result.ok) return;
    const { status, message, kind } = result.error;
    client.check.equal('status of the error', { expected: response.status, actual: status ?? undefined });
    client.check.that(message.includes(response.message), {
      what: 'message of the error',
      expected: response.message,
      actual: message,
    });
    client.check.that(kind !== '', {
      what: 'kind of the error',
      expected: 'a code or class',
      actual: 'empty',
    });
  });

/** Rejections that end a call at once: one request, a typed error, the server's message kept. */
export const REJECTION_CASES = clientCases(
  { group: 'rejection', spec: '§3, §6', needs: ['errors'] },
  Object.entries(REFUSALS).map(([id, response]) => ({
    id: `refused-${id}`,
    description: `${response.status} ${response.message}: no retry, and the message is kept`,
    run: (client: ClientUnderTest) => rejected(client, id, response),
  })),
);

const redirected = async (client: ClientUnderTest, status: number, call: Call): Promise<void> => {
  const { operation } = call;
  const other = await startCapture(() => success(operation));
  try {
    const respond = () => ({ status, headers: { Location: `${other.url}/v1/_ping` }, body: '' });
    await client.play({ label: `redirect-${status}-${operation}`, respond }, async (scene) => {
      const result = await scene.call(call);
      scene.expectAllSigned();
      const leaked = other.requests.flatMap((message) =>
        AUTHENTICATION_HEADERS.flatMap((name) => (getHeaderValues(message, name).length > 0 ? [name] : [])),
      );
      client.check.equal('credentials that reached the other host', {
        expected: 'none',
        actual: leaked.join(', ') || 'none',
      });
      const bytes = other.requests.reduce((sum, { body }) => sum + body.length, 0);
      client.check.equal('bytes of body that reached the other host', { expected: 0, actual: bytes });
      client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
    });
  } finally {
    await other.close();
  }
};

/** A redirect to another host is an error, and sends no credentials there. */
export const REDIRECT_CASES = clientCases(
  { group: 'redirect', spec: '§6.7' },
  [301, 302, 303, 307, 308].flatMap((status) =>
    (['balances.list', 'withdrawals.create'] as const).map((operation) => ({
      id: `redirect-${status}-${operation === 'balances.list' ? 'get' : 'post'}`,
      description: `${status} to another host in response to ${operation}`,
      run: (client: ClientUnderTest) =>
        redirected(client, status, {
          operation,
          args: operation === 'withdrawals.create' ? { ...WITHDRAWAL_ARGS, client_reference: 'r' } : {},
        }),
    })),
  ),
);
