import { type OwnClientCredentials, OwnClientSigner } from './own-client-signer.ts';
import { readMessage } from './read-message.ts';

type Fetch = typeof globalThis.fetch;

/**
 * Makes a `fetch` that signs all it sends: `signFetch(fetch, credentials)`. Addresses may be relative to `baseUrl`. The body
 * is read into bytes first, and those are signed and sent. Redirects are not followed: the 3xx answer is returned as it is.
 *
 * @throws CpgError `invalid_configuration` at once; `invalid_request` from a request to another origin.
 */
export const signFetch = (fetch: Fetch, credentials: OwnClientCredentials): Fetch => {
  const signer = new OwnClientSigner(credentials);
  return async (input, init) => {
    const address = input instanceof Request ? input : new URL(input, credentials.baseUrl);
    const request = new Request(address, init);
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const { method, signal } = request;
    const { url, signed, sentAt } = await signer.sign({ method, url: request.url, body, signal });
    const headers = new Headers(request.headers);
    for (const [name, value] of Object.entries(signed.headers)) headers.set(name, value);
    const response = await fetch(url, {
      ...init,
      method: signed.method,
      headers,
      body: body ?? null,
      signal,
      redirect: 'manual',
    });
    const text = (name: string) => response.headers.get(name) ?? undefined;
    const { status } = response;
    const message = status === 401 ? readMessage(await response.clone().text()) : undefined;
    signer.observe({ sentAt, status, message, date: text('date'), age: text('age') });
    return response;
  };
};
