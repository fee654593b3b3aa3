import type { IncomingMessage } from 'node:http';
import { createSigningKey, isRejection, REJECTIONS, type Rejection, verifyRequest } from '@cpg/protocol';
import type { Credentials } from '../client-options.ts';

/** Makes the check that every scripted request goes through, as at the real gateway: headers, window, signature, single use. */
export const makeSignatureCheck = ({ keyId, secret }: Credentials, now: () => number) => {
  const keys = new Map([[keyId, createSigningKey(secret)]]);
  const used = new Set<string>();
  return (request: IncomingMessage, body: Buffer): Rejection | undefined => {
    const { method = '', url: target = '', rawHeaders } = request;
    const verified = verifyRequest({ method, target, headers: pairsOf(rawHeaders), body, keys, now: now() });
    if (isRejection(verified)) return verified;
    if (used.has(verified.signature)) return REJECTIONS.signature_already_used;
    used.add(verified.signature);
    return undefined;
  };
};

const pairsOf = (rawHeaders: readonly string[]): [name: string, value: string][] =>
  rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []));
