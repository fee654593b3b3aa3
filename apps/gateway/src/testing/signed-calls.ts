import { createSigningKey, signRequest } from '@cpg/protocol';
import type { GatewayProcess } from '@cpg/test-support/gateway-process';

export interface CallAnswer {
  readonly status: number;
  readonly body: { readonly message: string; readonly data: Record<string, unknown> };
}

export interface Caller {
  readonly keyId: string;
  readonly secret: string;
  /** Where the next call goes. */
  readonly gateway: () => GatewayProcess;
  /** A number below the given one. */
  readonly random: (below: number) => number;
}

const read = async (response: Response): Promise<CallAnswer> => ({
  status: response.status,
  body: (await response.json()) as CallAnswer['body'],
});

/** Calls to the API and the sandbox of gateways that run as processes, from any number of callers at once. */
export const signedCalls = ({ keyId, secret, gateway, random }: Caller) => {
  const key = createSigningKey(secret);
  let stamp = 0;
  return {
    call: async (method: string, target: string, body?: unknown): Promise<CallAnswer> => {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      stamp = (stamp + 1) % 500;
      const timestamp = Math.floor(Date.now() / 1000) - 250 + stamp;
      // What is sent twice is told apart by its target.
      const unique = `${target}?n=${random(2 ** 31)}`;
      const { headers } = signRequest({ keyId, key, method, target: unique, body: bytes, timestamp });
      const options = { method, headers: { ...headers, 'content-type': 'application/json' } };
      return read(await fetch(`${gateway().url}${unique}`, bytes ? { ...options, body: bytes } : options));
    },
    sandbox: async (path: string, body: unknown = {}): Promise<CallAnswer> =>
      read(
        await fetch(`${gateway().operationsUrl}/_sandbox${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
  };
};
