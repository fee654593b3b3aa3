import {
  bodySha256,
  canonicalString,
  createSigningKey,
  isKeyId,
  isRejection,
  isWithinWindow,
  parseRequestTarget,
  parseTimestamp,
  signRequest,
  verify,
} from '@cpg/protocol';
import type { Contender } from './contender.ts';
import { type Message, SECRET } from './message.ts';

/** `signRequest` with every check and intermediate value; verification as a server composes it of the package's functions. */
export const cpg: Contender = {
  name: '@cpg/protocol',
  prepare: async ({ method, target, body }: Message) => {
    const key = createSigningKey(SECRET);
    const timestamp = Math.floor(Date.now() / 1000);
    const sign = () => signRequest({ keyId: 'ck_example', key, method, target, body, timestamp });
    const { headers } = sign();
    const received = {
      keyId: headers['X-CPG-Key'],
      timestamp: headers['X-CPG-Timestamp'],
      signature: headers['X-CPG-Signature'],
    };
    return {
      sign,
      verify: () => {
        if (!isKeyId(received.keyId)) return false;
        const parsed = parseRequestTarget(target);
        if (isRejection(parsed)) return false;
        const seconds = parseTimestamp(received.timestamp);
        if (seconds === undefined || !isWithinWindow(seconds, timestamp)) return false;
        const hashed = bodySha256(body);
        const canonical = canonicalString({
          timestamp: received.timestamp,
          method,
          path: parsed.path,
          query: parsed.query,
          bodySha256: hashed,
        });
        return verify(key, canonical, received.signature);
      },
    };
  },
};
