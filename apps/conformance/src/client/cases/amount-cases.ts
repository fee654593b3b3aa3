import type { Call, ClientUnderTest } from '../client-under-test.ts';
import { expectError } from '../expect-reading.ts';
import { DATA, envelopeOf, WITHDRAWAL_ARGS } from '../replies.ts';
import { clientCases } from './client-case.ts';

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

const refused = async (client: ClientUnderTest, amount: Amount, value: unknown): Promise<void> => {
  const { call } = amount;
  const reply = { status: 200, body: envelopeOf(call.operation, withField(amount, value)) };
  return client.play({ label: 'amount', respond: () => reply }, async (scene) => {
    const moved = client.movableNow();
    const answer = await scene.call({ ...call, ...moved });
    scene.expectAllSigned({ ...moved, elapsed: answer.elapsed });
    expectError(client, answer);
  });
};

/** Every amount that an answer holds, when it is no plain decimal string: an error, never a number that looks right. */
export const AMOUNT_CASES = clientCases(
  { group: 'amount', spec: '§6.8', timeoutMs: 40_000, needs: ['errors'] },
  Object.entries(AMOUNTS).flatMap(([name, amount]) =>
    Object.entries(FAULTS).map(([fault, [description, value]]) => ({
      id: `amount-${name}-${fault}`,
      description: `${amount.field} of ${amount.call.operation} ${description}: an error`,
      run: (client: ClientUnderTest) => refused(client, amount, value),
    })),
  ),
);
