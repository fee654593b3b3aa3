import {
  createSigningKey,
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
import type {
  SignCommand,
  Signing,
  VectorSubject,
  Verification,
  VerifyCommand,
  WebhookCommand,
} from '../adapter/adapter.ts';

const signOrThrow = ({ now, keyId, secret, method, target, body }: SignCommand): Signing => {
  const key = createSigningKey(secret.toString('utf8'));
  const signed = signRequest({ keyId, key, method, target, body, timestamp: now });
  return {
    headers: Object.entries(signed.headers),
    path: signed.path,
    query: signed.query,
    bodySha256: signed.bodySha256,
    canonical: Buffer.from(signed.canonical, 'utf8'),
  };
};

const sign = async (command: SignCommand): Promise<Signing> => {
  try {
    return signOrThrow(command);
  } catch (error) {
    if (!ProtocolError.is(error)) throw error;
    return { refused: error.message, headers: [] };
  }
};

const toVerification = (result: object | Rejection): Verification =>
  isRejection(result)
    ? { accepted: false, status: result.status, message: result.message }
    : { accepted: true };

const decide = ({ keys, method, target, headers, body, now }: VerifyCommand) =>
  verifyRequest({
    method,
    target,
    headers,
    body,
    now,
    keys: new Map(keys.map(({ keyId, secret }) => [keyId, createSigningKey(secret.toString('utf8'))])),
  });

const decideWebhook = ({ now, headers, body, secret }: WebhookCommand) =>
  verifyWebhook({
    key: createSigningKey(secret.toString('utf8')),
    body,
    timestamp: headerValues(headers, TIMESTAMP_HEADER),
    signature: headerValues(headers, SIGNATURE_HEADER),
    now,
  });

/** `@cpg/protocol`, called in this process. */
export const protocolSubject: VectorSubject = {
  sign,
  verify: async (command) => toVerification(decide(command)),
  verifyWebhook: async (command) => toVerification(decideWebhook(command)),
};
