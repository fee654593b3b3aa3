import { randomBytes } from 'node:crypto';
import { endpoints } from '@cpg/protocol';
import { type ExpectedRejection, REJECTIONS } from '../../core/rejections.ts';
import { callForAddress, type DepositAddress, requestAddress } from '../deposits.ts';
import { expectInvalidField } from '../fields.ts';
import { assertServed } from '../routes.ts';
import { expectAccepted, expectRejected, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import type { Role } from '../test-keys.ts';

const newName = (): string => `conformance-${randomBytes(6).toString('hex')}`;

const readRequest = async (
  server: ServerUnderTest,
  id: string,
  role: Role = 'full',
): Promise<ServerResponse> => {
  const basis = server.basis(role);
  const target = `/v1/deposit-requests/${id}?nonce=${basis.nonce}`;
  return server.ask({ target }, basis);
};

const KEY_CONFLICT: ExpectedRejection = {
  status: 409,
  message: 'idempotency_key was already used with different parameters',
};

const askWallet = async (server: ServerUnderTest, query: string): Promise<ServerResponse> => {
  const target = `/v1/hot-wallet-address?${query}nonce=${server.basis('other').nonce}`;
  const response = await server.ask({ target }, server.basis('other'));
  assertServed(server, response, endpoints.getHotWallet);
  return response;
};

/** Deposit addresses, their requests, and the hot wallet. */
export const DEPOSIT_CASES = serverCases({ group: 'deposits', spec: '§4.3' }, [
  {
    id: 'deposit-key-again',
    description: 'a repeated idempotency_key returns the first response; another key is another request',
    run: async (server) => {
      const idempotency_key = newName();
      const first = await requestAddress(server, { idempotency_key });
      const again = await requestAddress(server, { idempotency_key });
      const describe = ({ request_id: id, address }: DepositAddress) => `request ${id}, ${address}`;
      server.check.equal('response to the second', { expected: describe(first), actual: describe(again) });
      const other = await requestAddress(server, { idempotency_key: newName() });
      server.check.that(other.request_id !== first.request_id, {
        what: 'request_id of another key',
        expected: 'another one',
        actual: String(other.request_id),
      });
    },
  },
  {
    id: 'deposit-key-other-user',
    description: 'a repeated idempotency_key with another user_identifier: 409',
    spec: '§3, §4.3',
    run: async (server) => {
      const idempotency_key = newName();
      await requestAddress(server, { idempotency_key, user_identifier: newName() });
      const response = await callForAddress(server, { idempotency_key, user_identifier: newName() });
      expectRejected(server.check, response, KEY_CONFLICT);
    },
  },
  {
    id: 'deposit-user',
    description:
      'a user_identifier is echoed, and gets the same address each time, in another request; another user gets another address',
    run: async (server) => {
      const user_identifier = `${newName()} é☃`;
      const first = await requestAddress(server, { user_identifier });
      server.check.equal('user_identifier', {
        expected: user_identifier,
        actual: String(first.user_identifier),
      });
      const again = await requestAddress(server, { user_identifier });
      server.check.equal('address of the second', { expected: first.address, actual: again.address });
      server.check.that(first.request_id !== again.request_id, {
        what: 'request_id of the second',
        expected: 'another one',
        actual: String(again.request_id),
      });
      const { address } = await requestAddress(server, { user_identifier: newName() });
      server.check.that(address !== first.address, {
        what: 'address of another user',
        expected: 'another one',
        actual: address,
      });
    },
  },
  {
    id: 'deposit-request-id',
    description: 'an id of another account or of no request is 404, and one that is no positive integer 422',
    spec: '§4',
    run: async (server) => {
      const { request_id: id } = await requestAddress(server);
      const own = await readRequest(server, String(id));
      assertServed(server, own, endpoints.getDepositRequest);
      expectAccepted(server.check, own);
      for (const response of [
        await readRequest(server, String(id), 'other'),
        await readRequest(server, '999999999999999999', 'other'),
      ])
        expectRejected(server.check, response, REJECTIONS.notFound);
      for (const unfit of ['0', `0${id}`, 'abc', `${id}.0`])
        expectInvalidField(server, await readRequest(server, unfit, 'other'), 'request_id');
    },
  },
  {
    id: 'hot-wallet-network',
    description: 'without a network 422, and for an unknown one 404 Network not found',
    spec: '§3, §4.4',
    run: async (server) => {
      expectRejected(server.check, await askWallet(server, ''), {
        status: 422,
        message: 'network: Field required',
      });
      expectRejected(server.check, await askWallet(server, 'network=NOSUCHNET&'), {
        status: 404,
        message: 'Network not found',
      });
    },
  },
]);
