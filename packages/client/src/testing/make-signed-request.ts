import { createSigningKey, signRequest } from '@cpg/protocol';
import type { Credentials } from '../client-options.ts';
import { ANY, checkOptions, type OptionRules, SECONDS, TEXT, withCpgErrors } from '../options.ts';
import { bytesOf } from '../platform.ts';

export interface RequestToMake extends Credentials {
  readonly method: string;
  /** Path and query as they will stand on the wire. */
  readonly target: string;
  /** An object is sent as JSON; text and bytes as they are. */
  readonly body?: unknown;
  /** Whole Unix seconds. Defaults to the system's clock. */
  readonly now?: number | undefined;
}

export interface MadeRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

const RULES: OptionRules<RequestToMake> = {
  keyId: TEXT,
  secret: ANY,
  method: TEXT,
  target: TEXT,
  body: ANY,
  now: SECONDS,
};

/** Makes a correctly signed request, for tests of a service that receives them. */
export const makeSignedRequest = (request: RequestToMake): MadeRequest => {
  checkOptions('makeSignedRequest', request, RULES);
  const { keyId, secret, target, now = Math.floor(Date.now() / 1000) } = request;
  const body = toBytes(request.body);
  const { headers, method } = withCpgErrors('makeSignedRequest', () => {
    const key = createSigningKey(secret);
    return signRequest({ keyId, key, method: request.method, target, body, timestamp: now });
  });
  const type: Record<string, string> = body === undefined ? {} : { 'Content-Type': 'application/json' };
  return { method, target, headers: { ...headers, ...type }, body };
};

const toBytes = (body: unknown): Buffer | undefined => {
  if (body === undefined) return undefined;
  const bytes = bytesOf(body);
  if (bytes !== undefined) return Buffer.from(bytes);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
};
