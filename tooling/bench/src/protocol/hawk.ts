import Hawk from 'hawk';
import type { Contender } from './contender.ts';
import { HOST, type Message, SECRET } from './message.ts';

const credentials = { id: 'ck_example', key: SECRET, algorithm: 'sha256', user: 'bench' } as const;

export const hawk: Contender = {
  name: 'hawk',
  prepare: async ({ method, target, text }: Message) => {
    const payload = text === '' ? {} : { payload: text, contentType: 'application/json' };
    const uri = `https://${HOST}${target}`;
    const sign = () => Hawk.client.header(uri, method, { credentials, ...payload }).header;
    const headers = { host: `${HOST}:443`, authorization: sign(), 'content-type': 'application/json' };
    const request = { method, url: target, headers, connection: { encrypted: true } };
    const options = { timestampSkewSec: 300, ...(text === '' ? {} : { payload: text }) };
    return {
      sign,
      verify: async () => {
        const { credentials: found } = await Hawk.server.authenticate(
          request as never,
          async () => credentials,
          options,
        );
        return found === credentials;
      },
    };
  },
};
