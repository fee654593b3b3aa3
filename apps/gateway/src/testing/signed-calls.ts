import { createSigningKey, signRequest } from '@cpg/protocol';
import type { GatewayProcess } from '@cpg/test-support/gateway-process';

export interface ApiResponse {
  readonly status: number;
  readonly body: { readonly message: string; readonly data: Record<string, unknown> };
}

export interface Caller {
  readonly keyId: string;
  readonly secret: string;
  /** The gateway of the next call. */
  readonly gateway: () => GatewayProcess;
  /** A random number below the given one. */
  readonly random: (below: number) => number;
}

const read = async (response: Response): Promise<ApiResponse> => ({
  status: response.status,
  body: (await response.json()) as ApiResponse['body'],
});

/** Calls the API and the sandbox of gateway processes, for any number of concurrent callers. */
export const signedCalls = ({ keyId, secret, gateway, random }: Caller) => {
  const key = createSigningKey(secret);
  let stamp = 0;
  return {
    call: async (method: string, target: string, body?: unknown): Promise<ApiResponse> => {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      stamp = (stamp + 1) % 500;
      const timestamp = Math.floor(Date.now() / 1000) - 250 + stamp;
      // A unique target per request: equal requests would count as replays.
      const unique = `${target}?n=${random(2 ** 31)}`;
      const { headers } = signRequest({ keyId, key, method, target: unique, body: bytes, timestamp });
      const options = { method, headers: { ...headers, 'content-type': 'application/json' } };
      return read(await fetch(`${gateway().url}${unique}`, bytes ? { ...options, body: bytes } : options));
    },
    sandbox: async (path: string, body: unknown = {}): Promise<ApiResponse> =>
      read(
        await fetch(`${gateway().operationsUrl}/_sandbox${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
      ),
  };
};
