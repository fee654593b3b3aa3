import { TEST_NOW, type TestGateway } from './test-gateway.ts';

/** The part of a deposit request's response that tests use. */
export interface Requested {
  readonly request_id: number;
  readonly address: string;
}

/** The calls that deposit tests share. The gateway is read when a call is made. */
export const depositCalls = (gateway: () => TestGateway) => {
  const request = (differences: Record<string, unknown> = {}, keyId = 'ck_demo_full') =>
    gateway().call('/v1/deposit-addresses', {
      keyId,
      method: 'POST',
      body: { currency: 'USDT', network: 'ETH', ...differences },
    });
  return {
    request,
    requested: async (differences?: Record<string, unknown>, keyId?: string) =>
      (await request(differences, keyId)).body.data as Requested,
    /** Advances the clock and the chain. */
    pass: async (seconds: number) => {
      gateway().clock.freeze(gateway().clock.now() + seconds * 1000);
      await gateway().chain.advance();
    },
    resetClock: () => gateway().clock.freeze(TEST_NOW * 1000),
    balance: async (query: string) => {
      const { data } = (await gateway().call(`/v1/balances?${query}`)).body;
      return (data as { readonly balance: string }[])[0]?.balance;
    },
  };
};
