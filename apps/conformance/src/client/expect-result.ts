import type { CallResult } from '../adapter/responses.ts';
import type { Call, ClientUnderTest } from './client-under-test.ts';
import { DATA } from './replies.ts';

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Whether the parsed data contains everything that was sent; more members are fine. A null member may be left
 * out, as in many languages.
 */
export const containsSent = (sent: unknown, read: unknown): boolean => {
  if (Array.isArray(sent))
    return (
      Array.isArray(read) &&
      read.length === sent.length &&
      sent.every((each, i) => containsSent(each, read[i]))
    );
  if (isObject(sent))
    return isObject(read) && Object.entries(sent).every(([name, value]) => containsSent(value, read[name]));
  return sent === null ? read === null || read === undefined : sent === read;
};

export const ROW = {
  currency: 'USDT',
  network: 'ETH',
  balance: '1500.000000',
  held: '200.000000',
  available: '1300.000000',
};

/** The success envelope with one row of balances, as text. */
export const envelopeWith = (row: object = ROW): string =>
  JSON.stringify({ success: true, message: 'OK', data: [row], data_count: 1 });

/** Expects a successful call with all of this data. */
export const expectAll = ({ check }: ClientUnderTest, response: CallResult, expected: unknown): void => {
  check.that(response.ok, {
    what: 'result of the call',
    expected: 'ok',
    actual: response.ok ? 'ok' : response.error.message,
  });
  if (!response.ok) return;
  check.that(containsSent(expected, response.data), {
    what: 'data',
    expected: JSON.stringify(expected),
    actual: JSON.stringify(response.data) ?? '(none)',
    hint: 'Respond with the `data` of the envelope: every field that was sent, amounts as the original decimal strings.',
  });
};

/** Expects a successful call with exactly this row. */
export const expectRow = (client: ClientUnderTest, response: CallResult, expected = ROW): void =>
  expectAll(client, response, [expected]);

/** Expects a successful call with the data that the suite sends for this operation. */
export const expectData = (
  client: ClientUnderTest,
  response: CallResult,
  operation: Call['operation'],
): void => expectAll(client, response, DATA[operation]);

/** Expects an error with a kind, the status if there was one, and no secret. */
export const expectError = (
  { check, settings }: ClientUnderTest,
  response: CallResult,
  status?: number,
): void => {
  check.that(!response.ok, {
    what: 'result of the call',
    expected: 'an error',
    actual: `ok, with ${(JSON.stringify(response.ok ? response.data : '') ?? 'no data').slice(0, 100)}`,
  });
  if (response.ok) return;
  const { kind, status: said } = response.error;
  check.that(kind !== '', { what: 'kind of the error', expected: 'a code or class', actual: 'empty' });
  if (status !== undefined)
    check.equal('status of the error', { expected: status, actual: said ?? undefined });
  check.equal('secret in the error', {
    expected: 'absent',
    actual: settings.masker.containsSecret(JSON.stringify(response)) ? 'present' : 'absent',
  });
};

/** Expects an error or exactly this row. The wire protocol allows both. */
export const expectRowOrError = (client: ClientUnderTest, response: CallResult, expected = ROW): void =>
  response.ok ? expectRow(client, response, expected) : expectError(client, response);
