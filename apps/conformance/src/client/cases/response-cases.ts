import type { Reply } from '../capture-server.ts';
import { type Call, type ClientUnderTest, clientCases } from '../client-under-test.ts';
import { envelopeWith, expectError, expectRow, ROW } from '../expect-result.ts';
import { createEnvelope, DATA, rejection, WITHDRAWAL_ARGS } from '../replies.ts';

const HTML = { 'Content-Type': 'text/html' };
const ok = (body: string): Reply => ({ status: 200, body });
const withAmount = (balance: unknown): Reply => ok(envelopeWith({ ...ROW, balance }));
const NESTED = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

interface Unfit {
  readonly description: string;
  readonly reply: Reply;
  /** The status that the error must contain, where the server sent one. */
  readonly status?: number;
}

const UNFIT: Readonly<Record<string, Unfit>> = {
  html: { description: '200 with an HTML page', reply: { status: 200, headers: HTML, body: '<p>hello</p>' } },
  empty: { description: '200 without a body', reply: ok('') },
  '204': {
    description: '204, which has no body',
    reply: { raw: 'HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n' },
  },
  truncated: { description: '200 with JSON that ends early', reply: ok('{"success":true,"data":[') },
  'two-values': { description: '200 with a second JSON value', reply: ok(`${envelopeWith()}{}`) },
  'no-object': { description: '200 with null for an envelope', reply: ok('null') },
  'success-false': {
    description: '200 with success: false',
    reply: ok(envelopeWith().replace('true', 'false')),
  },
  'success-text': {
    description: '200 with success as a string',
    reply: ok(envelopeWith().replace('true', '"true"')),
  },
  'no-data': { description: '200 without data', reply: ok('{"success":true,"message":"OK"}') },
  'wrong-shape': {
    description: '200 with data of another shape',
    reply: ok('{"success":true,"message":"OK","data":{}}'),
  },
  'deeply-nested': {
    description: '100,000 nested arrays',
    reply: ok(`{"success":true,"message":"OK","data":${NESTED}}`),
  },
  'amount-from-prototype': {
    description: 'an amount that exists only through a member named __proto__',
    reply: ok(envelopeWith(ROW).replace('"balance"', '"__proto__":{"balance":"1.0"},"b"')),
  },
  'comma-amount': { description: 'an amount with a comma', reply: withAmount('1,500.0') },
  'space-amount': { description: 'an amount with a space', reply: withAmount(' 1.0') },
  'plus-amount': { description: 'an amount with a plus sign', reply: withAmount('+1.0') },
  'hexadecimal-amount': { description: 'an amount in hexadecimal', reply: withAmount('0x10') },
  'infinite-amount': { description: 'an infinite amount', reply: withAmount('Infinity') },
  'empty-amount': { description: 'an empty amount', reply: withAmount('') },
  'null-amount': { description: 'null for an amount', reply: withAmount(null) },
  'html-error': {
    description: '502 with an HTML page',
    reply: { status: 502, headers: HTML, body: '<p>bad</p>' },
    status: 502,
  },
  'empty-error': { description: '403 without a body', reply: { status: 403, body: '' }, status: 403 },
  'error-says-success': {
    description: '403 with a success envelope',
    reply: { status: 403, body: envelopeWith() },
    status: 403,
  },
  'message-object': {
    description: '403 whose message is not a string',
    reply: { status: 403, body: '{"success":false,"message":{"text":"no"}}' },
    status: 403,
  },
  'lengths-differ': {
    description: '200 with two Content-Length headers',
    reply: { raw: `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n` },
  },
};

const MAX_MESSAGE_LENGTH = 10_000;

const unfit = (client: ClientUnderTest, id: string, { reply, status }: Unfit): Promise<void> =>
  client.play({ label: `response-${id}`, respond: () => reply }, async (scene) => {
    const moved = client.movableNow();
    const response = await scene.call({ operation: 'balances.list', ...moved });
    scene.expectAllSigned({ ...moved, elapsed: response.elapsed });
    expectError(client, response, status);
  });

/** Invalid responses: a typed error, never a value that looks right. */
export const RESPONSE_CASES = clientCases(
  { group: 'response', spec: '§3, §6.8', timeoutMs: 40_000, needs: ['errors'] },
  [
    ...Object.entries(UNFIT).map(([id, row]) => ({
      id: `response-${id}`,
      description: `${row.description}: an error`,
      run: (client: ClientUnderTest) => unfit(client, id, row),
    })),
    {
      id: 'response-unknown-fields',
      description: 'unknown fields are ignored',
      run: (client) => {
        const body = envelopeWith({ ...ROW, colour: 'red' }).replace(/\}$/, ',"more":{}}');
        return client.play({ label: 'unknown-fields', respond: () => ok(body) }, async (scene) =>
          expectRow(client, await scene.call({ operation: 'balances.list' })),
        );
      },
    },
    {
      id: 'response-long-message',
      level: 'SHOULD',
      description: `a message of 100,000 characters is cut to at most ${MAX_MESSAGE_LENGTH}`,
      run: (client) => {
        const respond = () => rejection({ status: 403, message: 'long '.repeat(20_000) });
        return client.play({ label: 'long-message', respond }, async (scene) => {
          const response = await scene.call({ operation: 'balances.list' });
          scene.expectAllSigned();
          expectError(client, response, 403);
          const length = response.ok ? 0 : response.error.message.length;
          client.check.that(length <= MAX_MESSAGE_LENGTH, {
            what: 'characters of the message',
            expected: `at most ${MAX_MESSAGE_LENGTH}`,
            actual: String(length),
          });
        });
      },
    },
  ],
);

interface Amount {
  readonly call: Call;
  /** The member of the data, or of its rows. */
  readonly field: string;
}

const LIST: Call = { operation: 'balances.list' };
const CREATE: Call = { operation: 'withdrawals.create', args: WITHDRAWAL_ARGS };
const GET: Call = { operation: 'withdrawals.get', args: { withdrawal_id: 41 } };

const AMOUNTS: Readonly<Record<string, Amount>> = {
  balance: { call: LIST, field: 'balance' },
  held: { call: LIST, field: 'held' },
  available: { call: LIST, field: 'available' },
  'created-amount': { call: CREATE, field: 'amount_decimal' },
  'created-fee': { call: CREATE, field: 'fee_decimal' },
  'withdrawal-amount': { call: GET, field: 'amount' },
  'withdrawal-fee': { call: GET, field: 'fee' },
};

const FAULTS: Readonly<Record<string, readonly [description: string, value: unknown]>> = {
  number: ['as a JSON number', 1.5],
  exponent: ['with an exponent', '1e3'],
  missing: ['left out', undefined],
};

const withField = ({ call, field }: Amount, value: unknown): unknown => {
  const data = DATA[call.operation];
  return Array.isArray(data) ? data.map((row) => ({ ...row, [field]: value })) : { ...data, [field]: value };
};

const rejected = async (client: ClientUnderTest, amount: Amount, value: unknown): Promise<void> => {
  const { call } = amount;
  const reply = { status: 200, body: createEnvelope(call.operation, withField(amount, value)) };
  return client.play({ label: 'amount', respond: () => reply }, async (scene) => {
    const moved = client.movableNow();
    const response = await scene.call({ ...call, ...moved });
    scene.expectAllSigned({ ...moved, elapsed: response.elapsed });
    expectError(client, response);
  });
};

/** Amounts that are not plain decimal strings: an error, never a number that looks right. */
export const AMOUNT_CASES = clientCases(
  { group: 'amount', spec: '§6.8', timeoutMs: 40_000, needs: ['errors'] },
  Object.entries(AMOUNTS).flatMap(([name, amount]) =>
    Object.entries(FAULTS).map(([problem, [description, value]]) => ({
      id: `amount-${name}-${problem}`,
      description: `${amount.field} of ${amount.call.operation} ${description}: an error`,
      run: (client: ClientUnderTest) => rejected(client, amount, value),
    })),
  ),
);
