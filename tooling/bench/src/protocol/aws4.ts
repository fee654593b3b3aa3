import signer from 'aws4';
import type { Contender } from './contender.ts';
import { HOST, type Message, SECRET } from './message.ts';

const credentials = { accessKeyId: 'ck_example', secretAccessKey: SECRET };

/** Signs only. The library writes into the request it is given, so each one is new. */
export const aws4: Contender = {
  name: 'aws4',
  prepare: async ({ method, target, body }: Message) => ({
    sign: () =>
      signer.sign(
        {
          host: HOST,
          method,
          path: target,
          service: 'execute-api',
          region: 'eu-west-1',
          headers: { 'Content-Type': 'application/json' },
          ...(body.length === 0 ? {} : { body }),
        },
        credentials,
      ).headers?.Authorization,
  }),
};
