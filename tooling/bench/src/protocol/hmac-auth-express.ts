import { generate, HMAC } from 'hmac-auth-express';
import type { Contender } from './contender.ts';
import { type Message, SECRET } from './message.ts';

/** Signs a parsed body, which it serialises again. */
export const hmacAuthExpress: Contender = {
  name: 'hmac-auth-express',
  prepare: async ({ method, target, parsed, text }: Message) => {
    const body = text === '' ? undefined : parsed;
    const now = String(Date.now());
    const sign = () => `HMAC ${now}:${generate(SECRET, 'sha256', now, method, target, body).digest('hex')}`;
    const header = sign();
    const middleware = HMAC(SECRET);
    const request = { get: () => header, method, originalUrl: target, body };
    return {
      sign,
      verify: async () => {
        let fault: unknown = 'not called';
        await middleware(request as never, undefined as never, (given?: unknown) => {
          fault = given;
        });
        return fault === undefined;
      },
    };
  },
};
