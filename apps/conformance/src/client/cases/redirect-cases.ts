import { AUTHENTICATION_HEADERS } from '@cpg/protocol';
import { valuesOf } from '../../wire/http-message.ts';
import { startCapture } from '../capture-server.ts';
import type { Call, ClientUnderTest } from '../client-under-test.ts';
import { success, WITHDRAWAL_ARGS } from '../replies.ts';
import { clientCases } from './client-case.ts';

const redirected = async (client: ClientUnderTest, status: number, call: Call): Promise<void> => {
  const { operation } = call;
  const other = await startCapture(() => success(operation));
  try {
    const respond = () => ({ status, headers: { Location: `${other.url}/v1/_ping` }, body: '' });
    await client.play({ label: `redirect-${status}-${operation}`, respond }, async (scene) => {
      const result = await scene.call(call);
      scene.expectAllSigned();
      const leaked = other.requests.flatMap((message) =>
        AUTHENTICATION_HEADERS.flatMap((name) => (valuesOf(message, name).length > 0 ? [name] : [])),
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

/** A redirect to another host is an error, and takes no credentials there. */
export const REDIRECT_CASES = clientCases(
  { group: 'redirect', spec: '§6.7' },
  [301, 302, 303, 307, 308].flatMap((status) =>
    (['balances.list', 'withdrawals.create'] as const).map((operation) => ({
      id: `redirect-${status}-${operation === 'balances.list' ? 'get' : 'post'}`,
      description: `${status} to another host in answer to ${operation}`,
      run: (client: ClientUnderTest) =>
        redirected(client, status, {
          operation,
          args: operation === 'withdrawals.create' ? { ...WITHDRAWAL_ARGS, client_reference: 'r' } : {},
        }),
    })),
  ),
);
