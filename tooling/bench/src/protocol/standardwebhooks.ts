import { Webhook } from 'standardwebhooks';
import type { Contender } from './contender.ts';
import { type Message, SECRET } from './message.ts';

/** Signs a payload and nothing else: for a GET it is the request target. A wrong signature throws. */
export const standardwebhooks: Contender = {
  name: 'standardwebhooks',
  prepare: async ({ target, text }: Message) => {
    const payload = text === '' ? target : text;
    const webhook = new Webhook(SECRET, { format: 'raw' });
    const now = new Date();
    const sign = () => webhook.sign('msg_1', now, payload);
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': sign(),
    };
    const verify = () => {
      webhook.verify(payload, headers, { jsonParse: false });
      return true;
    };
    return { sign, verify };
  },
};
