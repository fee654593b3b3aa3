import { createHash } from 'node:crypto';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import type { Contender } from './contender.ts';
import { HOST, type Message, SECRET } from './message.ts';

const FIELDS = ['@method', '@target-uri', 'content-digest'];

/** RFC 9421 over method, target and the digest of the body, which its caller has to compute. */
export const httpMessageSignatures: Contender = {
  name: 'http-message-signatures',
  prepare: async ({ method, target, body }: Message) => {
    const key = createSigner(SECRET, 'hmac-sha256', 'ck_example');
    const verifier = {
      id: 'ck_example',
      algs: ['hmac-sha256' as const],
      verify: createVerifier(SECRET, 'hmac-sha256'),
    };
    const url = `https://${HOST}${target}`;
    const digest = () => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    const sign = () =>
      httpbis.signMessage({ key, fields: FIELDS }, { method, url, headers: { 'content-digest': digest() } });
    const { headers } = await sign();
    const config = { keyLookup: async () => verifier, requiredFields: FIELDS, maxAge: 300 };
    return {
      sign,
      verify: async () =>
        digest() === headers['content-digest'] &&
        (await httpbis.verifyMessage(config, { method, url, headers })),
    };
  },
};
