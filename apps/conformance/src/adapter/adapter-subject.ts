import type { VectorSubject } from '../vectors/vector-subject.ts';
import type { AdapterProcess } from './adapter-process.ts';
import { readAnswer, signAnswer, verifyAnswer } from './answers.ts';

const toBase64 = (bytes: Buffer): string => bytes.toString('base64');

/** A signer and verifier behind the adapter protocol. */
export const adapterSubject = (adapter: AdapterProcess): VectorSubject => ({
  sign: async ({ now, method, target, body, keyId, secret }) => {
    const command = { now, method, target, bodyB64: toBase64(body), keyId, secretB64: toBase64(secret) };
    const answer = readAnswer(signAnswer, await adapter.ask('sign', command));
    if ('refused' in answer) return { refused: String(answer.refused), headers: [] };
    const { headers, path, query, bodySha256, canonicalB64 } = answer;
    return { headers, path, query, bodySha256, canonical: canonicalB64 };
  },
  verify: async ({ now, method, target, headers, body, keys }) => {
    const command = {
      now,
      method,
      target,
      headers,
      bodyB64: toBase64(body),
      keys: keys.map(({ keyId, secret }) => ({ keyId, secretB64: toBase64(secret) })),
    };
    return readAnswer(verifyAnswer, await adapter.ask('verify', command));
  },
  verifyWebhook: async ({ now, headers, body, secret }) => {
    const command = { now, headers, bodyB64: toBase64(body), secretB64: toBase64(secret) };
    return readAnswer(verifyAnswer, await adapter.ask('verify-webhook', command));
  },
});
