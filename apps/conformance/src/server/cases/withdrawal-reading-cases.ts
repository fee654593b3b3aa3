import { endpoints } from '@cpg/protocol';
import { createPermissionRejection, REJECTIONS } from '../../core/rejections.ts';
import { assertRoute, assertServed } from '../routes.ts';
import { expectAccepted, expectRejected, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import type { Role } from '../test-keys.ts';
import { craftWithdrawal, expectWithdrawn, getTerms } from '../withdrawals.ts';

const read = (server: ServerUnderTest, id: string, role: Role = 'full'): Promise<ServerResponse> => {
  const basis = server.basis(role);
  return server.ask({ target: `/v1/withdrawals/${id}?nonce=${basis.nonce}` }, basis);
};

interface ToldWithdrawal {
  readonly id?: unknown;
  readonly currency?: unknown;
  readonly network?: unknown;
  readonly to_address?: unknown;
  readonly amount?: unknown;
  readonly fee?: unknown;
  readonly requested_at?: unknown;
}

const UNFIT_IDS = ['0', '01', '-1', '1.0', '1e3', 'abc', '%31', '1'.repeat(20)];

/** What a server says about a withdrawal, and to which account. */
export const WITHDRAWAL_READING_CASES = serverCases(
  { group: 'withdrawal', spec: '§4.6', needs: ['withdrawal'] },
  [
    {
      id: 'withdrawal-answer',
      description:
        'the response repeats the parameters, is pending or broadcasted, and has amounts of one precision',
      spec: '§4, §4.6',
      run: async (server) => {
        const { data } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        const { currency, network, to_address } = getTerms(server);
        const expected = { currency, network, to_address };
        for (const name of ['currency', 'network', 'to_address'] as const)
          server.check.equal(name, { expected: expected[name], actual: String(data[name]) });
        const { tx_hash: hash, status } = data;
        server.check.that(status === 'pending' || status === 'broadcasted', {
          what: 'status',
          expected: 'broadcasted, or pending',
          actual: JSON.stringify(status),
        });
        server.check.that(typeof hash === 'string' && (hash !== '' || status === 'pending'), {
          what: 'tx_hash',
          expected: status === 'pending' ? 'a text, which may be empty' : 'a text',
          actual: JSON.stringify(hash),
        });
        const places = (name: 'amount_decimal' | 'fee_decimal') =>
          String(data[name]).split('.')[1]?.length ?? 0;
        server.check.equal('places of fee_decimal', {
          expected: places('amount_decimal'),
          actual: places('fee_decimal'),
        });
      },
    },
    {
      id: 'withdrawal-get',
      description: 'GET returns the same withdrawal: id, amount and fee, as decimal strings',
      run: async (server) => {
        await assertRoute(server, endpoints.getWithdrawal);
        const { id, data } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        const response = await read(server, String(id));
        expectAccepted(server.check, response);
        const { data: told } = response.json as { readonly data: ToldWithdrawal };
        const { currency, network, to_address, amount_decimal: amount, fee_decimal: fee } = data;
        const expected = { id, currency, network, to_address, amount, fee };
        for (const name of ['id', 'currency', 'network', 'to_address', 'amount', 'fee'] as const)
          server.check.equal(name, {
            expected: JSON.stringify(expected[name]),
            actual: JSON.stringify(told[name]),
          });
        const time = String(told.requested_at);
        server.check.that(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/.test(time), {
          what: 'requested_at',
          expected: 'a time such as 2026-01-31T12:00:00+00:00',
          actual: time,
        });
      },
    },
    {
      id: 'withdrawal-get-other-account',
      description: 'a withdrawal of another account: 404',
      spec: '§3, §4',
      run: async (server) => {
        await assertRoute(server, endpoints.getWithdrawal);
        const { id } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        expectRejected(server.check, await read(server, String(id), 'other'), REJECTIONS.notFound);
      },
    },
    {
      id: 'withdrawal-get-without-permission',
      description:
        'without the permission, a withdrawal that exists is 403 like any other, on its account and another',
      spec: '§2.1',
      run: async (server) => {
        await assertRoute(server, endpoints.getWithdrawal);
        const { id } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        for (const role of ['readonly', 'noperm'] as const)
          for (const each of [String(id), '999999999999999999'])
            expectRejected(
              server.check,
              await read(server, each, role),
              createPermissionRejection('read_withdrawal_status'),
            );
      },
    },
    {
      id: 'withdrawal-get-unknown',
      description: 'a withdrawal that does not exist: 404',
      spec: '§3, §4',
      run: async (server) => {
        await assertRoute(server, endpoints.getWithdrawal);
        expectRejected(server.check, await read(server, '999999999999999999'), REJECTIONS.notFound);
      },
    },
    {
      id: 'withdrawal-id-grammar',
      description: 'an id that is not a positive integer in plain digits: 422',
      spec: '§4',
      run: async (server) => {
        const { id: known } = expectWithdrawn(server, await server.send(craftWithdrawal(server)));
        const own = await read(server, String(known));
        assertServed(server, own, endpoints.getWithdrawal);
        expectAccepted(server.check, own);
        for (const id of UNFIT_IDS) {
          const response = await read(server, id, 'other');
          const { message } = (response.json ?? {}) as { readonly message?: unknown };
          server.check.that(response.status === 422 && String(message).startsWith('withdrawal_id: '), {
            what: `response to the id ${id}`,
            expected: '422 withdrawal_id: …',
            actual: `${response.status} ${String(message)}`,
          });
        }
      },
    },
  ],
);
