// A page that signs and verifies all vectors of the installed protocol in a browser.
import {
  createSigningKey,
  headerValues,
  isRejection,
  SIGNATURE_HEADER,
  signRequest,
  signWebhook,
  TIMESTAMP_HEADER,
  verifyRequest,
  verifyWebhook,
} from '@cpg/protocol';
import signing from '@cpg/protocol/vectors/request-signing.json';
import verification from '@cpg/protocol/vectors/request-verification.json';
import webhooks from '@cpg/protocol/vectors/webhooks.json';

const toBytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
const readBody = (body) =>
  typeof body === 'string'
    ? toBytes(body)
    : new Uint8Array(body.repeat.count).fill(Number.parseInt(body.repeat.byteHex, 16));
const createKey = (secretB64) => createSigningKey(new TextDecoder().decode(toBytes(secretB64)));
const isExpected = (verdict, { accepted, code }) =>
  isRejection(verdict) ? !accepted && verdict.code === code : accepted;

const isSigned = ({ keyId, secretB64, method, target, bodyB64, timestamp, canonical, signature }) => {
  const request = { keyId, key: createKey(secretB64), method, target, timestamp: Number(timestamp) };
  const signed = signRequest({ ...request, body: readBody(bodyB64) });
  return signed.canonical === canonical && signed.signature === signature;
};

const isVerified = ({ now, method, target, headers, bodyB64, keys, expected }) => {
  const known = new Map(keys.map(({ keyId, secretB64 }) => [keyId, createKey(secretB64)]));
  return isExpected(
    verifyRequest({ now, method, target, headers, body: readBody(bodyB64), keys: known }),
    expected,
  );
};

const isWebhookVerified = ({ secretB64, bodyB64, headers, now, computed, expected }) => {
  const [key, body] = [createKey(secretB64), readBody(bodyB64)];
  const timestamp = headerValues(headers, TIMESTAMP_HEADER);
  const verdict = verifyWebhook({
    key,
    body,
    timestamp,
    signature: headerValues(headers, SIGNATURE_HEADER),
    now,
  });
  if (!isExpected(verdict, expected)) return false;
  return (
    computed === undefined ||
    signWebhook({ key, body, timestamp: Number(timestamp[0]) }).signature === computed.signature
  );
};

const run = () => {
  const failed = [
    ...signing.vectors.filter((vector) => !isSigned(vector)),
    ...verification.vectors.filter((vector) => !isVerified(vector)),
    ...webhooks.vectors.filter((vector) => !isWebhookVerified(vector)),
  ].map(({ id }) => id);
  if (failed.length > 0) return `failed: ${failed.join(', ')}`;
  return `signing ${signing.vectors.length}, verification ${verification.vectors.length}, webhooks ${webhooks.vectors.length}`;
};

try {
  document.title = run();
} catch (error) {
  document.title = `failed: ${error.stack}`;
}
