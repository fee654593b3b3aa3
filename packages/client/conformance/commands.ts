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

/** Identifies this adapter and its capabilities. */
export const hello = () => ({
  name: packageJson.name,
  language: 'javascript',
  version: packageJson.version,
  roles: ['sign', 'verify', 'webhook', 'call'],
  caps: ['stages', 'clock', 'text-ids', 'transactions', 'timeout'],
});

export interface SignCommand {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly bodyB64: string;
  readonly keyId: string;
  readonly secretB64: string;
}

/** Signs a request at a given time and returns every intermediate value. */
export const signCommand = (command: SignCommand) => {
  const { keyId, method, target, now } = command;
  try {
    const key = createSigningKey(decodeText(command.secretB64));
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

/** Verifies a request as a server would, without checking for reuse. */
export const verifyCommand = ({ keys, bodyB64, method, target, headers, now }: VerifyCommand) =>
  formatVerdict(
    verifyRequest({
      method,
      target,
      headers,
      now,
      body: Buffer.from(bodyB64, 'base64'),
      keys: new Map(keys.map(({ keyId, secretB64 }) => [keyId, createSigningKey(decodeText(secretB64))])),
    }),
  );

export interface VerifyWebhookCommand {
  readonly now: number;
  readonly headers: HeaderPairs;
  readonly bodyB64: string;
  readonly secretB64: string;
}

/** Verifies a webhook delivery as a receiver would, without deduplication. */
export const verifyWebhookCommand = ({ now, headers, bodyB64, secretB64 }: VerifyWebhookCommand) =>
  formatVerdict(
    verifyWebhook({
      key: createSigningKey(decodeText(secretB64)),
      body: Buffer.from(bodyB64, 'base64'),
      timestamp: headerValues(headers, TIMESTAMP_HEADER),
      signature: headerValues(headers, SIGNATURE_HEADER),
      now,
    }),
  );

/** The result of a verifier in the format of the suite. */
export const formatVerdict = (result: object | Rejection) =>
  isRejection(result)
    ? { accepted: false, status: result.status, message: result.message }
    : { accepted: true };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes base64 to text. Throws for bytes that are not UTF-8 instead of replacing them. */
export const decodeText = (base64: string): string => utf8.decode(Buffer.from(base64, 'base64'));
