import { createSigningKey, signRequest } from '@cpg/protocol';
import { describeOnEachDatabase, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEMO_KEYS } from '../sandbox/demo.ts';

const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
const WITHDRAWAL = { currency: 'USDT', network: 'ETH', to_address: ADDRESS, amount: '100' };
const INVALID_ADDRESS = [400, 'Invalid destination address'] as const;

describeOnEachDatabase((start) => {
  let gateway: TestGateway;
  let signed = 0;
  beforeAll(async () => {
    gateway = await start();
    await gateway.stopLoops();
  });
  afterAll(() => gateway.close());

  interface Sent {
    readonly target?: string;
    readonly method?: string;
    readonly keyId?: string;
    readonly isSigned?: boolean;
  }

  /** Sends the body bytes as they are; a JSON text can be written that `JSON.stringify` never writes. */
  const send = async (
    text: string,
    { target = '/v1/withdrawals', method = 'POST', keyId = 'ck_demo_full', isSigned = true }: Sent = {},
  ) => {
    const body = Buffer.from(text);
    signed += 1;
    const secret = DEMO_KEYS.find((key) => key.keyId === keyId)?.secret ?? '';
    const key = createSigningKey(secret);
    const { headers } = signRequest({ keyId, key, method, target, body, timestamp: TEST_NOW + signed });
    const response = await fetch(`${gateway.url}${target}`, {
      method,
      ...(isSigned ? { headers } : {}),
      ...(body.length > 0 ? { body } : {}),
    });
    const received = await response.text();
    const json = received === '' ? undefined : JSON.parse(received);
    const { status } = response;
    return { status, json, allow: response.headers.get('allow'), outcome: [status, json?.message] as const };
  };
  const withdraw = (differences: Record<string, unknown> = {}, sent: Sent = {}) =>
    send(JSON.stringify({ ...WITHDRAWAL, ...differences }), sent);
  const readHeld = async () => {
    const { body } = await gateway.call('/v1/balances?currency=USDT&network=ETH');
    return (body.data as { held: string }[])[0]?.held;
  };
  const expectNothingHeld = async <T>(work: () => Promise<T>): Promise<T> => {
    const held = await readHeld();
    const result = await work();
    expect(await readHeld()).toBe(held);
    return result;
  };

  describe('names of currencies and networks', () => {
    // Upper case of U+017F is S, and of U+0131 is I.
    it.each([
      ['POST', '/v1/withdrawals', 400, 'Withdrawals are not enabled for this currency'],
      ['POST', '/v1/deposit-addresses', 400, 'Deposits are not enabled for this currency'],
    ])('%s %s: only ASCII letters ignore case', async (method, target, status, message) => {
      const base = target === '/v1/withdrawals' ? WITHDRAWAL : { currency: 'USDT', network: 'ETH' };
      const post = (differences: object) =>
        send(JSON.stringify({ ...base, ...differences }), { method, target });
      expect((await post({ currency: 'U\u017fDT' })).outcome).toEqual([status, message]);
      expect((await post({ currency: 'usdt', network: 'eTh' })).outcome).toEqual([200, 'OK']);
    });

    it.each(['balances', 'transactions'])('GET /v1/%s: a filter folds ASCII letters alone', async (path) => {
      await withdraw();
      const count = async (query: string) =>
        (await gateway.call(`/v1/${path}?${query}`)).body.data_count as number;
      expect(await count('currency=usdt&network=eth')).toBeGreaterThan(0);
      expect(await count(`currency=${encodeURIComponent('U\u017fDT')}`)).toBe(0);
    });
  });

  describe('a withdrawal to an address that can receive nothing', () => {
    it.each([
      ['the zero address', '0x0000000000000000000000000000000000000000', 'USDT', 'ETH'],
      ['the contract of the token', '0xdAC17F958D2ee523a2206206994597C13D831ec7', 'USDT', 'ETH'],
      ['the contract in lower case', '0xdac17f958d2ee523a2206206994597c13d831ec7', 'USDT', 'ETH'],
      ['the contract of another currency', '0xdac17f958d2ee523a2206206994597c13d831ec7', 'ETH', 'ETH'],
      ['the zero address of Tron', 'T9yD14Nj9j7xAB4dbGeiX9h8unkKHxuWwb', 'USDT', 'TRX'],
      ['the contract on Tron', 'TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t', 'USDT', 'TRX'],
    ])('%s is rejected', async (_what, to_address, currency, network) => {
      const { outcome } = await expectNothingHeld(() => withdraw({ to_address, currency, network }));
      expect(outcome).toEqual(INVALID_ADDRESS);
    });

    it("the account's own hot wallet is rejected in any spelling, another account's is not", async () => {
      const read = async (keyId: string) => {
        const { body } = await gateway.call('/v1/hot-wallet-address?network=ETH', { keyId });
        return (body.data as { address: string }).address;
      };
      const own = await read('ck_demo_full');
      for (const to_address of [own, own.toLowerCase()]) {
        expect((await expectNothingHeld(() => withdraw({ to_address }))).outcome).toEqual(INVALID_ADDRESS);
      }
      expect((await withdraw({ to_address: await read('ck_demo_other') })).outcome).toEqual([200, 'OK']);
    });
  });

  describe('a repeated client_reference', () => {
    it('is the same withdrawal when the address is the same to the network', async () => {
      const first = await withdraw({ client_reference: 'spelling' });
      const again = await expectNothingHeld(() =>
        withdraw({
          client_reference: 'spelling',
          to_address: ADDRESS.toLowerCase(),
          currency: 'usdt',
          amount: '100.000000',
        }),
      );
      expect(again.outcome).toEqual([200, 'OK']);
      // The address keeps its first spelling.
      expect(again.json).toEqual(first.json);
    });

    it.each([
      ['another address', { to_address: '0x8617E340B3D01FA5F11F306F4090FD50E238070D' }],
      ['a wrong checksum', { to_address: ADDRESS.replace('E4169EE7', 'E4169Ee7') }],
      ['another amount', { amount: '100.000001' }],
      ['another network', { network: 'TRX' }],
      ['a currency that only looks the same', { currency: 'U\u017fDT' }],
    ])('with %s is 409', async (_what, differences) => {
      await withdraw({ client_reference: 'taken' });
      const { outcome } = await expectNothingHeld(() =>
        withdraw({ client_reference: 'taken', ...differences }),
      );
      expect(outcome).toEqual([409, 'client_reference was already used with different parameters']);
    });

    it.each([
      ['a business rule', { amount: '9.99' }, 400],
      ['the schema', { amount: '0' }, 422],
      ['the destination', { to_address: '0x0000000000000000000000000000000000000000' }, 400],
      ['the balance', { amount: '999999' }, 400],
    ])('is free after an attempt that %s rejected', async (what, differences, status) => {
      const client_reference = `free after ${what}`;
      expect((await withdraw({ client_reference, ...differences })).status).toBe(status);
      expect((await withdraw({ client_reference, amount: '10' })).outcome).toEqual([200, 'OK']);
    });
  });

  describe('a JSON body', () => {
    const CONTENT = JSON.stringify(WITHDRAWAL).slice(1, -1);

    it.each([
      ['a key twice', `{${CONTENT},"amount":"1"}`],
      ['a key twice with the same value', `{${CONTENT},"amount":"100"}`],
      ['a key twice in two spellings', `{${CONTENT},"\\u0061mount":"1"}`],
    ])('with %s is malformed', async (_what, text) => {
      const { outcome } = await expectNothingHeld(() => send(text));
      expect(outcome).toEqual([400, 'Malformed JSON body']);
    });

    it.each(['null', '[]', '"{}"', '1', 'true'])('that is %s is no object', async (text) => {
      expect((await send(text)).outcome).toEqual([422, 'body: Input should be an object']);
    });

    it('reads null as absent', async () => {
      expect((await withdraw({ client_reference: null })).outcome).toEqual([200, 'OK']);
      expect((await withdraw({ amount: null, to_address: null })).outcome).toEqual([
        422,
        'amount: Field required; to_address: Field required',
      ]);
    });
  });

  describe('an amount', () => {
    it('written as a string is a plain decimal', async () => {
      const amounts = [
        '01',
        '1.',
        '.5',
        '+1',
        '1e2',
        ' 1',
        '1 ',
        '1,5',
        '0x10',
        '１００',
        '',
        'NaN',
        'Infinity',
      ];
      for (const amount of amounts) {
        const { outcome } = await withdraw({ amount });
        expect([amount, ...outcome]).toEqual([amount, 422, 'amount: Input should be a valid decimal string']);
      }
    });

    const TOO_LONG = 'amount: Input should be a decimal string: a JSON number does not keep this many digits';
    it.each([
      ['100.0000000000001', 422, TOO_LONG],
      ['1000000000000000', 422, TOO_LONG],
      ['1e20', 422, TOO_LONG],
      ['100.000001', 200, 'OK'],
      ['1e2', 200, 'OK'],
      ['1e999', 422, 'amount: Input should be a valid string or number'],
    ])('written as the number %s: %i %s', async (number, status, message) => {
      const text = JSON.stringify({ ...WITHDRAWAL, amount: 0 }).replace('"amount":0', `"amount":${number}`);
      expect((await send(text)).outcome).toEqual([status, message]);
    });
  });

  describe('methods and paths', () => {
    it.each(['HEAD', 'OPTIONS', 'PUT', 'DELETE'])('%s signed is 405, unsigned 401', async (method) => {
      const sent = { method, target: '/v1/withdrawals' };
      const allowed = await send('', sent);
      expect([allowed.status, allowed.allow]).toEqual([405, 'POST']);
      expect((await send('', { ...sent, isSigned: false })).status).toBe(401);
    });

    it('404 and 405 come after admission and before permission', async () => {
      const key = { keyId: 'ck_demo_noperm' };
      expect((await send('', { ...key, target: '/v1/nothing' })).outcome).toEqual([404, 'Not found']);
      expect((await send('', { ...key, method: 'DELETE' })).outcome).toEqual([405, 'Method not allowed']);
      expect((await send('{', key)).status).toBe(403);
      // Admitted: the same signature is used up.
      signed -= 1;
      expect((await send('{', key)).outcome).toEqual([401, 'Request signature has already been used']);
      for (const target of ['/v1/nothing', '/v1/balances'])
        expect((await send('', { target, method: 'POST', isSigned: false })).status).toBe(401);
    });
  });
});
