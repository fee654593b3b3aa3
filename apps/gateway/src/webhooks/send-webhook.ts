import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import {
  findWebhookUrlProblem,
  isAllowedHost,
  isLoopbackHost,
  isPublicAddress,
  type WebhookUrlRules,
} from './url-rules.ts';

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly rules: WebhookUrlRules;
  readonly timeoutMs: number;
}

/** The outcome of an attempt: the status of the response, or an error when there was no response. */
export interface WebhookResponse {
  readonly status: number | null;
  readonly error: string | null;
}

/**
 * Posts one webhook and reads the status of the response. Redirects are not followed, and the addresses the
 * host resolves to must satisfy the URL rules. Never rejects. Wire protocol §5.
 */
export const sendWebhook = (request: WebhookRequest): Promise<WebhookResponse> => {
  // The rules may have changed since registration.
  const problem = findWebhookUrlProblem(request.url, request.rules);
  if (problem !== undefined) return Promise.resolve({ status: null, error: problem });
  return post(request).catch((error: unknown) => ({
    status: null,
    error: error instanceof Error && error.name === 'TimeoutError' ? formatTimeout(request) : String(error),
  }));
};

const formatTimeout = ({ timeoutMs }: WebhookRequest) => `No response within ${timeoutMs / 1000} s`;

const post = ({ url: text, headers, body, rules, timeoutMs }: WebhookRequest): Promise<WebhookResponse> =>
  new Promise((resolve, reject) => {
    const url = new URL(text);
    const isLocal = rules.sandbox && isLoopbackHost(url.hostname);
    const isPermitted = (address: string) =>
      isAllowedHost(url, rules) || (isLocal ? isLoopbackHost(address) : isPublicAddress(address));
    const signal = AbortSignal.timeout(timeoutMs);
    const client = url.protocol === 'https:' ? https : http;
    const sent = client.request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'Content-Length': body.length },
        lookup: guardedLookup(isPermitted),
        // One connection per webhook: none stays open to a third-party server.
        agent: false,
        signal,
      },
      (response) => {
        resolve({ status: response.statusCode ?? null, error: null });
        response.destroy();
      },
    );
    // On a timeout the request fails with an AbortError; signal.reason is the TimeoutError.
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    sent.end(body);
  });

const createHostError = (hostname: string, address: string) =>
  Object.assign(new Error(`${hostname} resolves to ${address}, which webhooks are not delivered to`), {
    code: 'EWEBHOOKHOST',
  });

/**
 * Creates a `lookup` for sockets that fails when any address of a host is not permitted. It checks the
 * addresses the socket connects to, so DNS rebinding between the check and the connection has no effect.
 */
export const guardedLookup =
  (isPermitted: (address: string) => boolean, resolve = lookup): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const forbidden = addresses.find(({ address }) => !isPermitted(address));
      const [first] = addresses;
      if (forbidden !== undefined) callback(createHostError(hostname, forbidden.address), []);
      else if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
