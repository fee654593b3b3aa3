import { REJECTIONS } from '../../core/rejections.ts';
import { type Call, type ClientUnderTest, clientCases } from '../client-under-test.ts';
import { rejection, success, WITHDRAWAL_ARGS } from '../replies.ts';

const CALLS: readonly Call[] = [
  { operation: 'ping' },
  { operation: 'balances.list', args: { currency: 'USDT', network: 'ETH' } },
  { operation: 'withdrawals.create', args: { ...WITHDRAWAL_ARGS, client_reference: 'r' } },
];

const expectNoSecretSent = async (client: ClientUnderTest, call: Call): Promise<void> =>
  client.play({ label: 'wire', respond: () => success(call.operation) }, async (scene) => {
    await scene.call(call);
    scene.expectAllSigned();
    for (const { startLine, headers, body } of scene.server.requests) {
      const sent = [startLine, ...headers.map((pair) => pair.join(': ')), body.toString('latin1')].join('\n');
      client.check.equal(`secret on the wire of ${call.operation}`, {
        expected: 'absent',
        actual: client.settings.masker.containsSecret(sent) ? 'present' : 'absent',
      });
    }
  });

/** Secrets in errors and in requests. */
export const SECRECY_CASES = clientCases({ group: 'secrecy', spec: '§6.7' }, [
  {
    id: 'error-hides-signature',
    needs: ['errors'],
    description: 'the text of an error contains neither the secret nor the signature',
    run: (client: ClientUnderTest) =>
      client.play(
        { label: 'error', respond: () => rejection(REJECTIONS.invalidSignature) },
        async (scene) => {
          const text = JSON.stringify(await scene.call({ operation: 'ping' }));
          const [request] = scene.captured();
          client.check.that(request !== undefined, { what: 'requests', expected: '1', actual: '0' });
          const leaks =
            client.settings.masker.containsSecret(text) || text.includes(request?.signature ?? '\0');
          client.check.equal('secret or signature in the error', {
            expected: 'absent',
            actual: leaks ? 'present' : 'absent',
          });
        },
      ),
  },
  {
    id: 'wire-hides-secret',
    description: 'no request contains the secret in its target, headers or body',
    run: async (client: ClientUnderTest) => {
      for (const call of CALLS) await expectNoSecretSent(client, call);
    },
  },
]);
