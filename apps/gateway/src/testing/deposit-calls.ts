import { TEST_NOW, type TestGateway } from './test-gateway.ts';

/** What a test needs of the answer to a deposit request. */
export interface Requested {
  readonly request_id: number;
  readonly address: string;
}

/** What the tests of deposits do to a gateway, which is asked for as late as it is used. */
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
    /** Lets time go by, and the chain with it. */
    pass: async (seconds: number) => {
      gateway().clock.freeze(gateway().clock.now() + seconds * 1000);
      await gateway().chain.advance();
    },
    backToStart: () => gateway().clock.freeze(TEST_NOW * 1000),
    balance: async (query: string) => {
      const { data } = (await gateway().call(`/v1/balances?${query}`)).body;
      return (data as { readonly balance: string }[])[0]?.balance;
    },
  };
};
