// What every runtime must do with the installed client, without axios: sign, send, verify, and tell a call that
// was never sent from one whose outcome is unknown.
import { CpgClient, CpgError, fetchTransport, webhooks } from '@cpg/client';

const check = (condition, what) => {
  if (!condition) throw new Error(`failed: ${what}`);
};

const catchError = async (run) => {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('failed: a call that must fail succeeded');
};

/** A withdrawal that is not retried. */
export const payOnce = (options) =>
  catchError(() =>
    new CpgClient({ transport: fetchTransport(), ...options }).withdrawals.create({
      ...order,
      client_reference: null,
    }),
  );

const order = { currency: 'USDT', network: 'ETH', to_address: '0x52908400098527886E0F', amount: '1' };

/** `gateway` accepts signed requests, `closedUrl` has no server, `lostUrl` closes each connection after a request. */
export const exercise = async (cpg, { credentials, closedUrl, lostUrl, webhook }) => {
  const [first, second] = await Promise.all([cpg.balances.list({ currency: "a'é b" }), cpg.balances.list()]);
  check(first.data.length === 1 && second.data[0].available === '2.0', 'two reads');
  const { data } = await cpg.withdrawals.create(order);
  check(data.withdrawal_id === 7, 'a withdrawal');

  const wrong = new CpgClient({ ...credentials, secret: 'wrong' });
  const rejected = await catchError(() => wrong.ping());
  check(CpgError.is(rejected) && rejected.rejection === 'invalid_signature', 'a wrong secret');

  const unsent = await payOnce({ ...credentials, baseUrl: closedUrl });
  const unknown = await payOnce({ ...credentials, baseUrl: lostUrl });
  check(unknown.code === 'outcome_unknown', `a lost response is ${unknown.code}`);

  const controller = new AbortController();
  controller.abort();
  const aborted = await catchError(() => cpg.ping({ signal: controller.signal }));
  check(aborted.code === 'aborted', 'an aborted call');

  check(webhooks.verify(webhook).event === 'deposit.confirmed', 'a webhook');
  cpg.close();
  const closed = await catchError(() => cpg.ping());
  check(closed.code === 'client_closed', 'a closed client');
  return { unsent: unsent.code };
};
