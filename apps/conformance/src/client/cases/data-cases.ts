import type { Reply } from '../capture-server.ts';
import { type Call, type ClientUnderTest, clientCases } from '../client-under-test.ts';
import { expectAll, expectError, ROW } from '../expect-result.ts';
import { createEnvelope, DATA, WITHDRAWAL_ARGS } from '../replies.ts';

const TINY = '0.000000000000000001';
const LONG = '12345678901234567890.123456789012345678';
const MIXED_CASE = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';

const LIST: Call = { operation: 'balances.list' };
const CREATE: Call = { operation: 'withdrawals.create', args: WITHDRAWAL_ARGS };
const GET: Call = { operation: 'withdrawals.get', args: { withdrawal_id: 41 } };

const created = DATA['withdrawals.create'];
const withdrawal = DATA['withdrawals.get'];
const [transaction] = DATA['transactions.list'];

const ok = (operation: Call['operation'], data: unknown): Reply => ({
  status: 200,
  body: createEnvelope(operation, data),
});

/** Expects that the client returns all of this data. */
const expectReturned = (client: ClientUnderTest, call: Call, data: unknown): Promise<void> =>
  client.play({ label: 'data', respond: () => ok(call.operation, data) }, async (scene) => {
    const moved = client.movableNow();
    const result = await scene.call({ ...call, ...moved });
    scene.expectAllSigned({ ...moved, elapsed: result.elapsed ?? 0 });
    expectAll(client, result, data);
  });

type Row = readonly [id: string, description: string, call: Call, data: unknown];

const ROWS: readonly Row[] = [
  ['amounts-tiny', 'amounts of 1e-18', LIST, [{ ...ROW, balance: TINY, held: TINY, available: TINY }]],
  ['amounts-long', 'amounts of 38 digits', LIST, [{ ...ROW, balance: LONG, held: LONG, available: LONG }]],
  [
    'amounts-zeros',
    'zeros at the end of an amount',
    LIST,
    [{ ...ROW, balance: '1500.000000000000000000', held: '0.000000', available: '10' }],
  ],
  [
    'amounts-negative',
    'negative amounts',
    LIST,
    [{ ...ROW, balance: '-1.5', held: '0', available: '-0.000001' }],
  ],
  [
    'created-amounts',
    'amounts of 1e-18 and 38 digits of a new withdrawal',
    CREATE,
    { ...created, amount_decimal: LONG, fee_decimal: TINY },
  ],
  [
    'withdrawal-amounts',
    'amounts of 1e-18 and 38 digits of a withdrawal',
    GET,
    { ...withdrawal, amount: TINY, fee: LONG },
  ],
  [
    'created-address',
    'an address in mixed case of a new withdrawal',
    CREATE,
    { ...created, to_address: MIXED_CASE },
  ],
  [
    'withdrawal-address',
    'an address in mixed case of a withdrawal',
    GET,
    { ...withdrawal, to_address: MIXED_CASE },
  ],
  [
    'rows-several',
    'several rows, in the order in which they were sent',
    LIST,
    [
      ROW,
      { ...ROW, currency: 'BTC', network: 'BTC', balance: '0.15000000' },
      { ...ROW, network: 'TRX', balance: '250.000000' },
      { ...ROW, currency: 'ADA', network: 'ADA', balance: '7.000000' },
    ],
  ],
  ['rows-equal', 'two equal rows', LIST, [ROW, ROW]],
  ['rows-none', 'no row', LIST, []],
  [
    'status-unknown',
    'an unknown status of a withdrawal',
    GET,
    { ...withdrawal, status: 'frozen_by_compliance' },
  ],
  [
    'status-unknown-created',
    'an unknown status of a new withdrawal',
    CREATE,
    { ...created, status: 'queued' },
  ],
];

const TRANSACTION_ROWS: readonly Row[] = [
  [
    'transactions-several',
    'several transactions, in the order in which they were sent',
    { operation: 'transactions.list', args: {} },
    [9, 4, 7].map((id) => ({ ...transaction, id, amount_decimal: id === 4 ? TINY : LONG })),
  ],
  [
    'transactions-unknown',
    'an unknown direction and status of a transaction',
    { operation: 'transactions.list', args: {} },
    [{ ...transaction, direction: 'rebate', status: 'under_review', to_address: MIXED_CASE }],
  ],
];

const returned = ([id, description, call, data]: Row) => ({
  id: `data-${id}`,
  description: `${description}: returned as sent`,
  run: (client: ClientUnderTest) => expectReturned(client, call, data),
});

/** Values that reach the caller as they were sent. */
export const DATA_CASES = [
  ...clientCases({ group: 'data', spec: '§3, §6.8' }, ROWS.map(returned)),
  ...clientCases(
    { group: 'data', spec: '§3, §6.8', needs: ['transactions'] },
    TRANSACTION_ROWS.map(returned),
  ),
  ...clientCases({ group: 'data', spec: '§4.6, §6.1' }, [
    {
      id: 'data-sent-as-given',
      description: 'amount and address of a withdrawal are sent as they were given',
      run: async (client) => {
        for (const amount of [TINY, LONG, '100.10'])
          await client.play(
            { label: 'sent', respond: () => ok('withdrawals.create', created) },
            async (scene) => {
              const given = { ...WITHDRAWAL_ARGS, amount, to_address: MIXED_CASE };
              const result = await scene.call({ operation: 'withdrawals.create', args: given });
              scene.expectAllSigned();
              expectAll(client, result, created);
              const sent = JSON.parse(scene.captured()[0]?.body.toString('utf8') ?? '{}');
              for (const name of ['amount', 'to_address'] as const)
                client.check.equal(`${name} in the body`, {
                  expected: JSON.stringify(given[name]),
                  actual: JSON.stringify(sent[name]) ?? '(none)',
                });
            },
          );
      },
    },
  ]),
];

/** How long the client is told to wait, if it can be told. */
const LIMIT_MS = 300;

const HALF = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"success":tr';

const silent = (head: string, call: Call) => (client: ClientUnderTest) =>
  client.play({ label: 'silence', respond: () => ({ silent: true, head }) }, async (scene) => {
    const limit = client.adapter.capabilities.has('timeout') ? { timeoutMs: LIMIT_MS } : {};
    const result = await scene.call({ ...call, ...limit, ...client.movableNow() });
    client.check.that(scene.captured().length > 0, {
      what: 'requests',
      expected: 'at least one',
      actual: 'none',
    });
    expectError(client, result);
  });

/** A server that accepts a request and then says nothing more. */
export const SILENCE_CASES = clientCases({ group: 'silence', spec: '§6.8', timeoutMs: 60_000 }, [
  {
    id: 'silence-post',
    description: 'a withdrawal without any response ends with an error, within the time limit of a call',
    run: silent('', CREATE),
  },
  {
    id: 'silence-half',
    description: 'half a response, and then nothing, ends with an error within the timeout of the client',
    needs: ['timeout'],
    run: silent(HALF, CREATE),
  },
]);
