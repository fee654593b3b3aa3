import { createSigningKey, isRejection, PERMISSIONS, verifyRequest } from '@cpg/protocol';
import { readVectorFile, type VerificationVector, vectorBodyBytes } from '@cpg/protocol/vectors';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { authenticate } from './authenticate.ts';

const { vectors } = readVectorFile('request-verification');

const createSigningKeys = ({ keys }: VerificationVector) =>
  new Map(
    keys.map(({ keyId, secretB64 }) => [
      keyId,
      [createSigningKey(Buffer.from(secretB64, 'base64').toString('utf8'))],
    ]),
  );

const ENTRY_POINTS = {
  authenticate: (vector: VerificationVector) => {
    const { method, target, headers, bodyB64, now } = vector;
    const clock = () => now * 1000;
    const signingKeys = createSigningKeys(vector);
    const find = (keyId: string) => {
      const found = signingKeys.get(keyId);
      if (found === undefined) return undefined;
      return {
        keyId,
        signingKeys: found,
        permissions: PERMISSIONS,
        rateLimitPerMinute: 1,
        accountId: 'acct_1',
      };
    };
    return authenticate(
      {
        method,
        target,
        rawHeaders: headers.flat(),
        clientIp: () => undefined,
        readBody: () => Buffer.from(vectorBodyBytes(bodyB64)),
      },
      { keys: { find }, store: memoryStore({ clock }), clock },
    );
  },
  verifyRequest: (vector: VerificationVector) => {
    const { method, target, headers, bodyB64, now } = vector;
    const body = vectorBodyBytes(bodyB64);
    return verifyRequest({ method, target, headers, body, keys: createSigningKeys(vector), now });
  },
};

describe.each(Object.entries(ENTRY_POINTS))('%s', (_name, check) => {
  it.each(vectors.map((vector) => [vector.id, vector] as const))(
    'gives the verdict of %s',
    async (_id, vector) => {
      const outcome = await check(vector);
      const verdict = isRejection(outcome)
        ? { accepted: false, code: outcome.code, status: outcome.status, message: outcome.message }
        : { accepted: true };
      expect(verdict).toEqual(vector.expected);
    },
  );
});
