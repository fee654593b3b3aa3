import { createSigningKey, signRequest } from '@cpg/protocol';
import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const KEY = createSigningKey('cpg-demo-full-DO-NOT-USE-IN-PRODUCTION');
const USED = { status: 401, message: 'Request signature has already been used' };

const WITHDRAWAL = {
  target: '/v1/withdrawals',
  table: 'withdrawal',
  body: {
    currency: 'USDT',
    network: 'ETH',
    amount: '100',
    to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
  },
  reference: 'client_reference',
} as const;
const DEPOSIT_REQUEST = {
  target: '/v1/deposit-addresses',
  table: 'deposit_request',
  body: { currency: 'USDT', network: 'ETH' },
  reference: 'idempotency_key',
} as const;

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());
  const setStore = (state: string) =>
    fetch(`${gateway.operationsUrl}/_sandbox/admission`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ state }),
    });
  beforeEach(async () => {
    await gateway.reset();
    await setStore('forgetful');
  });

  describe.each([WITHDRAWAL, DEPOSIT_REQUEST])(
    'POST $target, when the admission store forgets',
    (endpoint) => {
      let signed = 0;
      const sign = (differences: object = {}) => {
        signed += 1;
        const bytes = Buffer.from(JSON.stringify({ ...endpoint.body, ...differences }));
        const timestamp = TEST_NOW - 250 + signed;
        const request = {
          keyId: 'ck_demo_full',
          key: KEY,
          method: 'POST',
          target: endpoint.target,
          timestamp,
        };
        return { bytes, headers: signRequest({ ...request, body: bytes }).headers };
      };
      const send = async ({ bytes, headers }: ReturnType<typeof sign>) => {
        const response = await fetch(`${gateway.url}${endpoint.target}`, {
          method: 'POST',
          headers,
          body: bytes,
        });
        const { message, data } = (await response.json()) as {
          readonly message: string;
          readonly data?: unknown;
        };
        return { status: response.status, message, ...(data === undefined ? {} : { data }) };
      };
      const countRows = async () => {
        const rows = await gateway.db
          .selectFrom(endpoint.table)
          .select('id')
          .where('key_id', 'is not', null)
          .execute();
        return rows.length;
      };
      const readHeld = async () => {
        const { held } = await gateway.db
          .selectFrom('balance')
          .select('held')
          .where('account_id', '=', 'acct_demo')
          .where('currency', '=', 'USDT')
          .where('network', '=', 'ETH')
          .executeTakeFirstOrThrow();
        return Number(held);
      };

      it('rejects the same signed bytes, and does it once', async () => {
        const request = sign();
        expect((await send(request)).status).toBe(200);
        const held = await readHeld();
        expect([await send(request), await send(request)]).toEqual([USED, USED]);
        expect([await countRows(), await readHeld()]).toEqual([1, held]);
      });

      it.each([{}, { [endpoint.reference]: 'order-7' }])(
        'accepts one of many copies at once: %j',
        async (more) => {
          const request = sign(more);
          const responses = await Promise.all(Array.from({ length: 8 }, () => send(request)));
          expect(responses.filter(({ status }) => status === 200)).toHaveLength(1);
          expect(responses.filter(({ status }) => status !== 200)).toEqual(Array(7).fill(USED));
          expect(await countRows()).toBe(1);
        },
      );

      it('responds to a new signature with the same reference as to a repeat, and rejects the first signature', async () => {
        const [first, repeat] = [
          sign({ [endpoint.reference]: 'order-8' }),
          sign({ [endpoint.reference]: 'order-8' }),
        ];
        const response = await send(first);
        expect(response.status).toBe(200);
        expect(await send(repeat)).toEqual(response);
        expect(await send(first)).toEqual(USED);
        expect(await countRows()).toBe(1);
      });

      it('accepts the same request signed anew', async () => {
        expect([(await send(sign())).status, (await send(sign())).status]).toEqual([200, 200]);
        expect(await countRows()).toBe(2);
      });

      it('accepts a signature whose first request was rejected', async () => {
        await gateway.db.updateTable('currency').set({ active: false }).execute();
        const request = sign();
        expect((await send(request)).status).toBe(400);
        await gateway.db.updateTable('currency').set({ active: true }).execute();
        expect((await send(request)).status).toBe(200);
      });

      it('exposes the signature nowhere', async () => {
        const request = sign({ [endpoint.reference]: 'order-9' });
        const signature = request.headers['X-CPG-Signature'];
        const responses = [await send(request), await send(request)];
        const read = async (path: string) => (await fetch(`${gateway.operationsUrl}/_sandbox${path}`)).text();
        const state = [await read('/overview'), await read('/requests'), await read('/requests/1')];
        const shown = JSON.stringify([
          responses,
          state,
          gateway.logged,
          await gateway.db.selectFrom('webhook_event').selectAll().execute(),
        ]);
        for (const text of [signature, Buffer.from(signature, 'hex').toString('base64')]) {
          expect(shown).not.toContain(text);
        }
      });
    },
  );
});
