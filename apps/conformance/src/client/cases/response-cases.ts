import type { Reply } from '../capture-server.ts';
import type { ClientUnderTest } from '../client-under-test.ts';
import { clientCases } from './client-case.ts';

const ENVELOPE = '{"success":true,"message":"OK","data":[],"data_count":0}';
const ROW = '{"currency":"USDT","network":"ETH","balance":BALANCE,"held":"0.0","available":"1.0"}';
const withBalance = (balance: string) =>
  ENVELOPE.replace('[]', `[${ROW.replace('BALANCE', balance)}]`).replace('count":0', 'count":1');

const UNFIT: Readonly<Record<string, readonly [description: string, reply: Reply]>> = {
  html: [
    '200 with an HTML page',
    { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<p>hello</p>' },
  ],
  empty: ['200 without a body', { status: 200, body: '' }],
  truncated: ['200 with JSON that ends early', { status: 200, body: '{"success":true,"data":[' }],
  'success-false': ['200 with success: false', { status: 200, body: '{"success":false,"message":"No"}' }],
  'no-data': ['200 without data', { status: 200, body: '{"success":true,"message":"OK"}' }],
  'wrong-shape': [
    '200 with data of another shape',
    { status: 200, body: '{"success":true,"message":"OK","data":{}}' },
  ],
  'number-amount': ['an amount that is a JSON number', { status: 200, body: withBalance('1.0') }],
  'exponent-amount': ['an amount with an exponent', { status: 200, body: withBalance('"1e3"') }],
  'html-error': [
    '502 with an HTML page',
    { status: 502, headers: { 'Content-Type': 'text/html' }, body: '<p>bad</p>' },
  ],
};

const unfit = (client: ClientUnderTest, id: string, reply: Reply): Promise<void> =>
  client.play({ label: `response-${id}`, respond: () => reply }, async (scene) => {
    const result = await scene.call({ operation: 'balances.list', ...client.movableNow() });
    client.check.that(!result.ok, { what: 'result of the call', expected: 'an error', actual: 'ok' });
    const answer = JSON.stringify(result);
    client.check.that(!client.settings.masker.containsSecret(answer), {
      what: 'secret in the error',
      expected: 'absent',
      actual: 'present',
    });
  });

/** Answers that no gateway should give: a typed error, never a value that looks right. */
export const RESPONSE_CASES = clientCases(
  { group: 'response', spec: '§3, §6.8', timeoutMs: 40_000, needs: ['errors'] },
  [
    ...Object.entries(UNFIT).map(([id, [description, reply]]) => ({
      id: `response-${id}`,
      description: `${description} is an error`,
      run: (client: ClientUnderTest) => unfit(client, id, reply),
    })),
    {
      id: 'response-unknown-fields',
      description: 'fields that the client does not know are ignored',
      run: (client) => {
        const body = withBalance('"1.0"')
          .replace('"held"', '"colour":"red","held"')
          .replace('}]', '}],"more":{}');
        return client.play(
          { label: 'unknown-fields', respond: () => ({ status: 200, body }) },
          async (scene) => {
            const result = await scene.call({ operation: 'balances.list' });
            client.check.that(result.ok, {
              what: 'result of the call',
              expected: 'ok',
              actual: result.ok ? 'ok' : result.error.message,
            });
          },
        );
      },
    },
  ],
);
