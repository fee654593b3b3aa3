import { createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import type { Contender } from './contender.ts';
import { type Message, SECRET } from './message.ts';

const EMPTY = hash('sha256', '', 'hex');

/** The least that node:crypto can do for these bytes: no grammar, no checks, a canonical string that is given its parts. */
export const floor: Contender = {
  name: 'node:crypto floor',
  prepare: async ({ method, path, query, body }: Message) => {
    const key = createSecretKey(SECRET, 'utf8');
    const timestamp = String(Math.floor(Date.now() / 1000));
    const sign = () => {
      const bodySha256 = body.length === 0 ? EMPTY : hash('sha256', body, 'hex');
      const canonical = `${timestamp}\n${method}\n${path}\n${query}\n${bodySha256}`;
      return createHmac('sha256', key).update(canonical).digest('hex');
    };
    const signature = sign();
    return {
      sign,
      verify: () => timingSafeEqual(Buffer.from(sign(), 'latin1'), Buffer.from(signature, 'latin1')),
    };
  },
};
