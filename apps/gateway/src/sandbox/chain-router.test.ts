import { DONE, NOT_FOUND, rejection, sandboxCalls } from '@cpg/test-support/gateway/sandbox-calls';
import { describe, expect, it } from 'vitest';

const { gateway, post, requestAddress, pay } = sandboxCalls();

const status = async (id: number) => {
  const { data } = (await gateway().call('/v1/transactions')).body;
  return (data as { id: number; status: string; confirmations: number }[]).find((row) => row.id === id);
};

describe('/_sandbox/deposits', () => {
  it('pays to a deposit request', async () => {
    const request_id = await requestAddress();
    expect(await post('/deposits', { request_id, amount: '5' })).toEqual({
      status: 200,
      body: {
        success: true,
        message: 'OK',
        data: { id: 1, deposit_request_id: request_id, tx_hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
  });

  it('confirms, fails and sweeps a deposit', async () => {
    const [first, second] = [await pay(), await pay()];
    expect(await post(`/deposits/${first}/sweep`)).toEqual(NOT_FOUND);
    expect(await post(`/deposits/${first}/confirm`)).toEqual(DONE);
    expect(await status(first)).toMatchObject({ status: 'confirmed', confirmations: 19 });
    expect(await post(`/deposits/${first}/sweep`)).toEqual(DONE);
    expect(await post(`/deposits/${second}/fail`)).toEqual(DONE);
    expect(await status(second)).toMatchObject({ status: 'failed', confirmations: 0 });
    expect(await post(`/deposits/${second}/confirm`)).toEqual(NOT_FOUND);
  });

  it('rejects the id of a sweep', async () => {
    const id = await pay();
    await post(`/deposits/${id}/confirm`);
    await post(`/deposits/${id}/sweep`);
    const sweep = id + 1;
    const before = await status(sweep);
    expect(before).toMatchObject({ direction: 'sweep', status: 'broadcasted', confirmations: 0 });
    for (const path of ['confirm', 'fail', 'sweep'])
      expect(await post(`/deposits/${sweep}/${path}`)).toEqual(NOT_FOUND);
    expect(await post(`/deposits/${sweep}/delay`, { blocks: 9 })).toEqual(NOT_FOUND);
    expect(await status(sweep)).toEqual(before);
    await post('/blocks', { network: 'TRX', blocks: 19 });
    expect(await status(sweep)).toMatchObject({ status: 'confirmed', confirmations: 19 });
  });

  it.each([
    [{ request_id: 5001, amount: '0.0000001' }, 'amount: Input should have at most 6 decimal places'],
    [{ request_id: 5001, amount: '0.00' }, 'amount: Input should be greater than 0'],
    [{ request_id: 5001, amount: '-1' }, 'amount: Input should be a decimal string'],
    [{ request_id: 5001, amount: 1 }, 'amount: Input should be a decimal string'],
    [{ request_id: 'x', amount: '1' }, 'request_id: Input should be a valid integer'],
  ])('rejects %j', async (body, message) => {
    await requestAddress();
    expect(await post('/deposits', body)).toEqual(rejection(message));
  });

  it('responds 404 for an unknown request', async () => {
    expect(await post('/deposits', { request_id: 4711, amount: '1' })).toEqual(NOT_FOUND);
  });
});

describe('/_sandbox/blocks', () => {
  it('mines blocks, which adds confirmations', async () => {
    const id = await pay();
    expect(await post('/blocks', { network: 'trx', blocks: 18 })).toEqual(DONE);
    expect(await status(id)).toMatchObject({ status: 'detected', confirmations: 18 });
    expect(await post('/blocks', { network: 'TRX', blocks: 1 })).toEqual(DONE);
    expect(await status(id)).toMatchObject({ status: 'confirmed', confirmations: 19 });
  });

  it('delays a transaction by a number of blocks', async () => {
    const id = await pay();
    expect(await post(`/deposits/${id}/delay`, { blocks: 100 })).toEqual(DONE);
    await post('/blocks', { network: 'TRX', blocks: 100 });
    expect(await status(id)).toMatchObject({ status: 'detected', confirmations: 0 });
    await post('/blocks', { network: 'TRX', blocks: 19 });
    expect(await status(id)).toMatchObject({ status: 'confirmed' });
    expect(await post(`/withdrawals/1001/delay`, { blocks: 1 })).toEqual(NOT_FOUND);
  });

  it.each([
    [{ network: 'TRX', blocks: 0 }, 422],
    [{ network: 'DOGE', blocks: 1 }, 404],
  ])('%j: %i', async (body, expected) => {
    expect((await post('/blocks', body)).status).toBe(expected);
  });
});

describe('/_sandbox/withdrawals', () => {
  it.each([
    ['/withdrawals/4711/confirm', NOT_FOUND],
    ['/withdrawals/1001/lose', rejection('outcome: Input should be confirm or fail')],
    ['/withdrawals/x/confirm', rejection('id: Input should be a valid integer')],
  ])('%s', async (path, expected) => {
    expect(await post(path)).toEqual(expected);
  });

  it('broadcasts a pending withdrawal before confirming it, and fails one without a broadcast', async () => {
    await post('/withdrawals/1001/confirm');
    const read = async () => (await gateway().call('/v1/withdrawals/1001')).body.data;
    expect(await read()).toMatchObject({ status: 'confirmed', tx_hash: expect.stringMatching(/^0x/) });
    await post('/reset');
    await post('/withdrawals/1001/fail');
    expect(await read()).toMatchObject({ status: 'failed', tx_hash: null, broadcast_at: null });
  });
});
