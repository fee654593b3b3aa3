import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Contender } from './contender.ts';
import { HOST, type Message, SECRET } from './message.ts';

/** Signs only. */
export const smithy: Contender = {
  name: '@smithy/signature-v4',
  prepare: async ({ method, path, query, body }: Message) => {
    const signer = new SignatureV4({
      credentials: { accessKeyId: 'ck_example', secretAccessKey: SECRET },
      region: 'eu-west-1',
      service: 'execute-api',
      sha256: Hash.bind(null, 'sha256') as never,
    });
    const request = {
      method,
      protocol: 'https:',
      hostname: HOST,
      path,
      query: Object.fromEntries(new URLSearchParams(query)),
      headers: { host: HOST, 'content-type': 'application/json' },
      ...(body.length === 0 ? {} : { body }),
    };
    return { sign: async () => (await signer.sign(request)).headers.authorization };
  },
};
