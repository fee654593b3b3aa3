import { describe, expect, it } from 'vitest';
import { sumAvailable } from './sum-available.ts';

const row = (currency: string, network: string, available: string) => ({ currency, network, available });
const balances = [
  row('USDT', 'ETH', '1300.000001'),
  row('USDT', 'TRX', '0.000002'),
  row('BTC', 'BTC', '99999999999999999999.00000001'),
];

describe('sumAvailable', () => {
  it.each([
    [{ currency: 'USDT' }, '1300.000003'],
    [{ currency: 'usdt', network: 'trx' }, '0.000002'],
    [{ currency: 'BTC' }, '99999999999999999999.00000001'],
    [{ currency: 'ETH' }, '0'],
  ])('of %o is %s', (filter, sum) => {
    expect(sumAvailable(balances, filter).toFixed()).toBe(sum);
  });

  it('refuses what has lost digits already', () => {
    expect(() => sumAvailable([row('A', 'B', 1 as never)], { currency: 'A' })).toThrow(
      'plain decimal string',
    );
  });
});
