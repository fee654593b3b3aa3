import {
  createSigningKey,
  type HeaderPairs,
  headerValues,
  isRejection,
  ProtocolError,
  type Rejection,
  SIGNATURE_HEADER,
  signRequest,
  TIMESTAMP_HEADER,
  verifyRequest,
  verifyWebhook,
} from '@cpg/protocol';
import packageJson from '../package.json' with { type: 'json' };

/** Says who answers and what it can do. */
export const hello = () => ({
  name: packageJson.name,
  language: 'javascript',
  version: packageJson.version,
  roles: ['sign', 'verify', 'webhook', 'call'],
  caps: ['stages', 'clock', 'text-ids', 'transactions'],
});

export interface SignCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: string;
  readonly keyId: string;
  readonly secretB64: string;
}

/** Signs one request at a given time, with every stage. */
export const signCommand = (command: SignCommand) => {
  const { keyId, method, target, now } = command;
  try {
    const key = createSigningKey(textOf(command.secretB64));
    const body = Buffer.from(command.bodyB64, 'base64');
    const signed = signRequest({ keyId, key, method, target, body, timestamp: now });
    return {
      headers: Object.entries(signed.headers),
      path: signed.path,
      query: signed.query,
      bodySha256: signed.bodySha256,
      canonicalB64: Buffer.from(signed.canonical, 'utf8').toString('base64'),
    };
  } catch (error) {
    if (ProtocolError.is(error)) return { refused: error.message };
    throw error;
  }
};

export interface VerifyCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly headers: HeaderPairs;
  readonly bodyB64: string;
  readonly keys: readonly { readonly keyId: string; readonly secretB64: string }[];
}

/** Decides about one request as a server would, without memory. */
export const verifyCommand = ({ keys, bodyB64, method, target, headers, now }: VerifyCommand) =>
  verdictOf(
    verifyRequest({
      method,
      target,
      headers,
      now,
      body: Buffer.from(bodyB64, 'base64'),
      keys: new Map(keys.map(({ keyId, secretB64 }) => [keyId, createSigningKey(textOf(secretB64))])),
    }),
  );

export interface VerifyWebhookCommand {
  readonly now: number;
  readonly headers: HeaderPairs;
  readonly bodyB64: string;
  readonly secretB64: string;
}

/** Decides about one delivery as a receiver would, without remembering ids. */
export const verifyWebhookCommand = ({ now, headers, bodyB64, secretB64 }: VerifyWebhookCommand) =>
  verdictOf(
    verifyWebhook({
      key: createSigningKey(textOf(secretB64)),
      body: Buffer.from(bodyB64, 'base64'),
      timestamp: headerValues(headers, TIMESTAMP_HEADER),
      signature: headerValues(headers, SIGNATURE_HEADER),
      now,
    }),
  );

/** The verdict of a verifier, as the suite reads it. */
export const verdictOf = (result: object | Rejection) =>
  isRejection(result)
    ? { accepted: false, status: result.status, message: result.message }
    : { accepted: true };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text from base64; fails rather than replace bytes that are not UTF-8. */
export const textOf = (base64: string): string => utf8.decode(Buffer.from(base64, 'base64'));
