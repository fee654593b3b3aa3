import { createHash, createHmac, createSecretKey, hash, timingSafeEqual } from 'node:crypto';
import {
  checkSignature,
  checkTimestamp,
  createSigningKey,
  isRejection,
  parseRequestTarget,
  readAuthenticationHeaders,
  signRequest,
} from '@cpg/protocol';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import signer from 'aws4';
import Hawk from 'hawk';
import { generate, HMAC } from 'hmac-auth-express';
import { createSigner, createVerifier, httpbis } from 'http-message-signatures';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { HOST, type Message, type Operation, SECRET } from './measure.ts';

export interface Contender {
  readonly name: string;
  /** Does everything that a program does once; an operation does what every request needs. `verify` returns `true`. */
  prepare(message: Message): Promise<{ readonly sign?: Operation; readonly verify?: Operation }>;
}

const EMPTY = hash('sha256', '', 'hex');

/** The least that node:crypto can do for these bytes: no grammar, no checks, a canonical string that is given its parts. */
const floor: Contender = {
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

/** `signRequest` with every check and intermediate value; verification as a server composes it of the package's functions. */
const cpg: Contender = {
  name: '@cpg/protocol',
  prepare: async ({ method, target, body }: Message) => {
    const key = createSigningKey(SECRET);
    const timestamp = Math.floor(Date.now() / 1000);
    const sign = () => signRequest({ keyId: 'ck_example', key, method, target, body, timestamp });
    const headers = Object.entries(sign().headers).flat();
    return {
      sign,
      verify: () => {
        const received = readAuthenticationHeaders(headers);
        if (isRejection(received)) return false;
        const parsed = parseRequestTarget(target);
        if (isRejection(parsed)) return false;
        if (isRejection(checkTimestamp(received.timestamp, timestamp))) return false;
        const { path, query } = parsed;
        const signed = { ...received, method, path, query, body };
        return checkSignature(signed, [key]) === undefined;
      },
    };
  },
};

const { webhooks } = new Stripe('sk_test_unused');

/** stripe's webhook functions. They sign a payload and nothing else: for a GET it is the request target. */
const stripe: Contender = {
  name: 'stripe webhooks',
  prepare: async ({ text, target, body }: Message) => {
    const payload = text === '' ? target : text;
    const bytes = text === '' ? Buffer.from(target) : body;
    const sign = () => webhooks.generateTestHeaderString({ payload, secret: SECRET });
    const header = sign();
    return { sign, verify: () => webhooks.signature?.verifyHeader(bytes, header, SECRET, 300) };
  },
};

const hawkCredentials = { id: 'ck_example', key: SECRET, algorithm: 'sha256', user: 'bench' } as const;

const hawk: Contender = {
  name: 'hawk',
  prepare: async ({ method, target, text }: Message) => {
    const payload = text === '' ? {} : { payload: text, contentType: 'application/json' };
    const uri = `https://${HOST}${target}`;
    const sign = () => Hawk.client.header(uri, method, { credentials: hawkCredentials, ...payload }).header;
    const headers = { host: `${HOST}:443`, authorization: sign(), 'content-type': 'application/json' };
    const request = { method, url: target, headers, connection: { encrypted: true } };
    const options = { timestampSkewSec: 300, ...(text === '' ? {} : { payload: text }) };
    return {
      sign,
      verify: async () => {
        const { credentials: found } = await Hawk.server.authenticate(
          request as never,
          async () => hawkCredentials,
          options,
        );
        return found === hawkCredentials;
      },
    };
  },
};

const awsCredentials = { accessKeyId: 'ck_example', secretAccessKey: SECRET };

/** Signs only. The library writes into the request it is given, so each one is new. */
const aws4: Contender = {
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
        awsCredentials,
      ).headers?.Authorization,
  }),
};

/** Signs only. */
const smithy: Contender = {
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

const FIELDS = ['@method', '@target-uri', 'content-digest'];

/** RFC 9421 over method, target and the digest of the body, which its caller has to compute. */
const httpMessageSignatures: Contender = {
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

/** Signs a payload and nothing else: for a GET it is the request target. A wrong signature throws. */
const standardwebhooks: Contender = {
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

/** Signs a parsed body, which it serialises again. */
const hmacAuthExpress: Contender = {
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
        let failure: unknown = 'not called';
        await middleware(request as never, undefined as never, (given?: unknown) => {
          failure = given;
        });
        return failure === undefined;
      },
    };
  },
};

/** The floor first; the others are compared with it. */
export const CONTENDERS: readonly Contender[] = [
  floor,
  cpg,
  stripe,
  hawk,
  aws4,
  smithy,
  httpMessageSignatures,
  standardwebhooks,
  hmacAuthExpress,
];
