import type { LookupAddress } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { SIGNATURE_HEADER } from '@cpg/protocol';
import type { ResolveHost } from './resolver.ts';
import { type ResponseExcerpt, readExcerpt } from './response-excerpt.ts';
import {
  findWebhookUrlProblem,
  isAllowedHost,
  isLoopbackHost,
  isPublicAddress,
  type WebhookUrlRules,
} from './url-rules.ts';

/** The headers that are the same in every attempt. */
export const WEBHOOK_HEADERS = { 'Content-Type': 'application/json', 'User-Agent': 'CPG-Webhooks/1' };

export interface WebhookRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly rules: WebhookUrlRules;
  /** Covers the look-up of the host, the connection and the response. */
  readonly timeoutMs: number;
  readonly resolve: ResolveHost;
}

/** The outcome of an attempt: the status of the response, or an error when there was no response. */
export interface WebhookResponse {
  readonly status: number | null;
  readonly error: string | null;
  /** Whether the request was sent, or its host looked up; otherwise the gateway itself prevented the attempt. */
  readonly isSent: boolean;
  /** The start of the response; missing when there was none. */
  readonly excerpt?: ResponseExcerpt;
}

/**
 * Posts one webhook and reads the status and the start of the response. Redirects are not followed, and the addresses the
 * host resolves to must satisfy the URL rules. Never rejects. Wire protocol §5.
 */
export const sendWebhook = (request: WebhookRequest): Promise<WebhookResponse> => {
  // The rules may have changed since registration.
  const problem = findWebhookUrlProblem(request.url, request.rules);
  if (problem !== undefined) return Promise.resolve({ status: null, error: problem, isSent: false });
  return post(request).catch((error: unknown) => ({
    status: null,
    isSent: true,
    error: error instanceof Error && error.name === 'TimeoutError' ? formatTimeout(request) : String(error),
  }));
};

const formatTimeout = ({ timeoutMs }: WebhookRequest) => `No response within ${timeoutMs / 1000} s`;

const post = (request: WebhookRequest): Promise<WebhookResponse> =>
  new Promise((resolve, reject) => {
    const { headers, body, rules, timeoutMs } = request;
    const url = new URL(request.url);
    const isLocal = rules.sandbox && isLoopbackHost(url.hostname);
    const isAllowed = isAllowedHost(url, rules);
    const isPermitted = (address: string) =>
      isAllowed || (isLocal ? isLoopbackHost(address) : isPublicAddress(address));
    // The hosts of the operator may be in the hosts file or a search domain; those of accounts are public.
    const source = isAllowed || isLocal ? 'system' : 'dns';
    const signal = AbortSignal.timeout(timeoutMs);
    const client = url.protocol === 'https:' ? https : http;
    const sent = client.request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'Content-Length': body.length },
        lookup: guardedLookup(isPermitted, (hostname) => request.resolve(hostname, source)),
        // One connection per webhook: none stays open to a third-party server.
        agent: false,
        signal,
      },
      (response) => {
        readExcerpt(response, headers[SIGNATURE_HEADER]).then((excerpt) =>
          resolve({ status: response.statusCode ?? null, error: null, isSent: true, excerpt }),
        );
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
  (isPermitted: (address: string) => boolean, resolve: ResolveHost): LookupFunction =>
  (hostname, options, callback) => {
    const check = (addresses: readonly LookupAddress[]) => {
      const forbidden = addresses.find(({ address }) => !isPermitted(address));
      if (forbidden !== undefined) throw createHostError(hostname, forbidden.address);
      return addresses;
    };
    resolve(hostname)
      .then(check)
      .then(
        (addresses) => {
          const [first] = addresses;
          if (options.all) callback(null, [...addresses]);
          else callback(null, first?.address ?? '', first?.family);
        },
        (error: Error) => callback(error, []),
      );
  };
