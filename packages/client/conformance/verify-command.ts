import { createSigningKey, type HeaderPairs, verifyRequest } from '@cpg/protocol';
import { textOf } from './base64.ts';
import { verdictOf } from './verdict-of.ts';

export interface VerifyCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderPairs;
  readonly bodyB64: string;
  readonly keys: readonly { readonly keyId: string; readonly secretB64: string }[];
}

/** Decides about one request as a server would, without memory. */
export const verifyCommand = ({ keys, bodyB64, method, target, headers, now }: VerifyCommand) =>
  verdictOf(
    verifyRequest({
      method,
      target,
      headers,
      now,
      body: Buffer.from(bodyB64, 'base64'),
      keys: new Map(keys.map(({ keyId, secretB64 }) => [keyId, createSigningKey(textOf(secretB64))])),
    }),
  );
