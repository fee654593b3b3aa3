import { followSignal } from '../abort.ts';
import { FUNCTION, requireOption } from '../options.ts';
import { isObject } from '../platform.ts';
import { type OwnClientCredentials, OwnClientSigner } from './own-client-signer.ts';
import { readFetchRequest } from './read-fetch-request.ts';
import { readMessage } from './read-message.ts';
import { redactReachable } from './redact-reachable.ts';

/** `globalThis.fetch`, or that of npm's undici or node-fetch. */
type AnyFetch = (input: never, init?: never) => Promise<unknown>;
type Send = (url: string, init: object) => Promise<Response>;

// The envelope of an error is far shorter; some implementations hang when one copy of a long body is not read.
const MAX_ERROR_BYTES = 10_000;

/**
 * Makes a `fetch` that signs all it sends: `signFetch(fetch, credentials)`. Addresses may be relative to `baseUrl`. The body
 * is read into bytes first, and those are signed and sent. Redirects are not followed: the 3xx answer is returned as it is.
 * Also takes the `fetch` of npm's undici or node-fetch, with their own `Request`, `Headers`, `FormData` and the like.
 *
 * @throws CpgError `invalid_configuration` at once; `invalid_request` from a request to another origin, or with arguments
 * that no `fetch` takes.
 */
export const signFetch = <Fetch extends AnyFetch>(fetch: Fetch, credentials: OwnClientCredentials): Fetch => {
  requireOption('signFetch: fetch', fetch, FUNCTION);
  const signer = new OwnClientSigner('signFetch', credentials);
  const send = fetch as unknown as Send;
  const signedFetch = async (input: unknown, init?: RequestInit): Promise<Response> => {
    const { url: given, method, headers, body, signal } = await readFetchRequest(input, init);
    signal?.throwIfAborted();
    const { url, signed, sentAt } = await signWhile(signal, (waiting) =>
      signer.sign({ method, url: given, body, signal: waiting }),
    );
    for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value);
    try {
      const response = await send(url, {
        ...init,
        method: signed.method,
        headers,
        body: body ?? null,
        // The caller's own: it also ends the reading of the body, and each fetch follows it in its own way.
        signal: signal ?? null,
        redirect: 'manual',
      });
      const text = (name: string) => response.headers.get(name) ?? undefined;
      const { status } = response;
      const isReadable = status === 401 && Number(text('content-length') ?? 0) <= MAX_ERROR_BYTES;
      const message = isReadable ? readMessage(await response.clone().text()) : undefined;
      signer.observe({ sentAt, status, message, date: text('date'), age: text('age') });
      redactReachable(response, signed.signature);
      return response;
    } catch (error) {
      if (isObject(error)) redactReachable(error, signed.signature);
      throw error;
    }
  };
  return signedFetch as unknown as Fetch;
};

/** Waits for a signature under a signal of this call's own, of which nothing is left on the caller's. */
const signWhile = async <Result>(
  signal: AbortSignal | undefined,
  sign: (waiting: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const { signal: waiting, release } = followSignal(signal);
  try {
    return await sign(waiting);
  } finally {
    release();
  }
};
