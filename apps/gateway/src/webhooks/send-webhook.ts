import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import {
  findWebhookUrlFault,
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

/** How an attempt went: with a status when there was an answer, with an error when there was none. */
export interface WebhookResponse {
  readonly status: number | null;
  readonly error: string | null;
}

/**
 * Posts one webhook. The answer's status is all that is read of it; redirects are not followed; the name's addresses are
 * held to the rules of the URL. Never rejects. Contract §5.
 */
export const sendWebhook = (request: WebhookRequest): Promise<WebhookResponse> => {
  // The rules may have changed since the URL was registered.
  const fault = findWebhookUrlFault(request.url, request.rules);
  if (fault !== undefined) return Promise.resolve({ status: null, error: fault });
  return post(request).catch((error: unknown) => ({
    status: null,
    error: error instanceof Error && error.name === 'TimeoutError' ? timeoutText(request) : String(error),
  }));
};

const timeoutText = ({ timeoutMs }: WebhookRequest) => `No answer within ${timeoutMs / 1000} s`;

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
        // A connection of its own: none is kept open to a stranger's server.
        agent: false,
        signal,
      },
      (response) => {
        resolve({ status: response.statusCode ?? null, error: null });
        response.destroy();
      },
    );
    // Aborting reports an AbortError; its cause says that the time was over.
    sent.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    sent.end(body);
  });

const refused = (hostname: string, address: string) =>
  Object.assign(new Error(`${hostname} resolves to ${address}, which webhooks are not delivered to`), {
    code: 'EWEBHOOKHOST',
  });

/**
 * A `lookup` for sockets that refuses a name when any of its addresses is not permitted. The check is on the very answer
 * that the socket then connects to, so a name that changes its address between check and use gains nothing.
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
      if (forbidden !== undefined) callback(refused(hostname, forbidden.address), []);
      else if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
