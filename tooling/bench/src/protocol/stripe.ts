import Stripe from 'stripe';
import type { Contender } from './contender.ts';
import { type Message, SECRET } from './message.ts';

const { webhooks } = new Stripe('sk_test_unused');

/** stripe's webhook functions. They sign a payload and nothing else: for a GET it is the request target. */
export const stripe: Contender = {
  name: 'stripe webhooks',
  prepare: async ({ text, target, body }: Message) => {
    const payload = text === '' ? target : text;
    const bytes = text === '' ? Buffer.from(target) : body;
    const sign = () => webhooks.generateTestHeaderString({ payload, secret: SECRET });
    const header = sign();
    return { sign, verify: () => webhooks.signature?.verifyHeader(bytes, header, SECRET, 300) };
  },
};
