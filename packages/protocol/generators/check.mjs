// Recomputes every value of the vector files with Node's crypto. Uses no part of @cpg/protocol.
//     node generators/check.mjs [folder]
import { createHash, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const FILES = ['request-signing.json', 'request-verification.json', 'webhooks.json'];

const bytes = (value) =>
  typeof value === 'string'
    ? Buffer.from(value, 'base64')
    : Buffer.alloc(value.repeat.count, Buffer.from(value.repeat.byteHex, 'hex'));

const hmac = (secret, message) => createHmac('sha256', secret).update(message).digest('hex');

const requestStages = ({ secret, timestamp, method, target, body }) => {
  const at = target.indexOf('?');
  const path = at < 0 ? target : target.slice(0, at);
  const query = at < 0 ? '' : target.slice(at + 1);
  const bodySha256 = createHash('sha256').update(body).digest('hex');
  const canonical = [timestamp, method.toUpperCase(), path, query, bodySha256].join('\n');
  const message = Buffer.from(canonical, 'latin1');
  const canonicalHex = message.toString('hex');
  return { path, query, bodySha256, canonical, canonicalHex, signature: hmac(secret, message) };
};

const webhookStages = ({ secret, timestamp, body }) => {
  const message = Buffer.concat([Buffer.from(`${timestamp}\n`, 'latin1'), body]);
  return { signedHex: message.toString('hex'), signature: hmac(secret, message) };
};

const findHeader = (vector, wanted) => vector.headers.find(([name]) => name.toLowerCase() === wanted)?.[1];

const receivedInputs = (vector) => {
  const keyId = findHeader(vector, 'x-cpg-key');
  const secretB64 = vector.secretB64 ?? vector.keys.find((key) => key.keyId === keyId).secretB64;
  return { ...vector, secretB64, timestamp: findHeader(vector, 'x-cpg-timestamp') };
};

const computeStages = ({ secretB64, bodyB64, ...inputs }) => {
  const filled = { ...inputs, secret: bytes(secretB64), body: bytes(bodyB64) };
  return inputs.target === undefined ? webhookStages(filled) : requestStages(filled);
};

const differences = (name, given, inputs) =>
  Object.entries(computeStages(inputs))
    .filter(([stage, value]) => given[stage] !== value)
    .map(([stage]) => `${name}${stage}`);

const findHeaderFailures = (vector) => {
  const value = findHeader(vector, 'x-cpg-signature') || undefined;
  const genuine = (vector.sent ?? vector.computed).signature;
  const state = value === undefined ? 'missing' : value === genuine ? 'genuine' : 'altered';
  const isWebhook = vector.keys === undefined;
  const matches = (isWebhook ? value?.toLowerCase() : value) === vector.computed?.signature;
  return [
    ...(state === vector.signatureHeader ? [] : ['signatureHeader']),
    ...(vector.computed === undefined || matches === vector.expected.accepted ? [] : ['expected']),
  ];
};

/** The names of the values of one vector that are not what this program computes. */
export const findFailures = (vector) => {
  if (vector.expected === undefined) return differences('', vector, vector);
  return [
    ...(vector.computed ? differences('computed.', vector.computed, receivedInputs(vector)) : []),
    ...(vector.sent ? differences('sent.', vector.sent, vector.sent) : []),
    ...findHeaderFailures(vector),
  ];
};

const main = (folder) => {
  let count = 0;
  const failures = [];
  for (const file of FILES) {
    const document = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    if (document.vectors.length === 0 || document.vectors.length !== document.count)
      failures.push(`${file}: count`);
    count += document.vectors.length;
    for (const vector of document.vectors)
      for (const failure of findFailures(vector)) failures.push(`${file}: ${vector.id}: ${failure}`);
  }
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  process.stdout.write(`node: ${count} vectors, ${failures.length} failures\n`);
  process.exitCode = failures.length === 0 ? 0 : 1;
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  main(process.argv[2] ? pathToFileURL(`${process.argv[2]}/`) : new URL('../vectors/', import.meta.url));
