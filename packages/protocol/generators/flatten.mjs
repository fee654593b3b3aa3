// Writes the input of check.sh: one line per signature, with its values in hex or plain text, separated by
// spaces. Computes nothing. id field secret timestamp method target body | path query bodySha256 canonical
// canonicalHex signature | header
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const folder = process.argv[2]
  ? pathToFileURL(`${process.argv[2]}/`)
  : new URL('../vectors/', import.meta.url);

const hex = (text) => (text === undefined ? '-' : `h${Buffer.from(text, 'latin1').toString('hex')}`);
const secret = (text) => Buffer.from(text, 'base64').toString('hex');
const body = (value) =>
  typeof value === 'string' ? `b${value}` : `r${value.repeat.byteHex}:${value.repeat.count}`;
const findHeader = (vector, wanted) => vector.headers?.find(([name]) => name.toLowerCase() === wanted)?.[1];

const line = (vector, { field, inputs, given }) =>
  [
    vector.id,
    field,
    secret(inputs.secretB64),
    hex(inputs.timestamp),
    inputs.method ?? '-',
    hex(inputs.target),
    body(inputs.bodyB64),
    hex(given.path),
    hex(given.query),
    given.bodySha256 ?? '-',
    hex(given.canonical),
    given.canonicalHex ?? given.signedHex,
    given.signature,
    vector.signatureHeader === 'genuine' && given === (vector.sent ?? vector.computed)
      ? findHeader(vector, 'x-cpg-signature')
      : '-',
  ].join(' ');

const formatLines = (vector) => {
  if (vector.expected === undefined)
    return [line(vector, { field: 'vector', inputs: vector, given: vector })];
  const keyId = findHeader(vector, 'x-cpg-key');
  const secretB64 = vector.secretB64 ?? vector.keys.find((key) => key.keyId === keyId)?.secretB64;
  const received = { ...vector, secretB64, timestamp: findHeader(vector, 'x-cpg-timestamp') };
  return [
    ...(vector.computed
      ? [line(vector, { field: 'computed', inputs: received, given: vector.computed })]
      : []),
    ...(vector.sent ? [line(vector, { field: 'sent', inputs: vector.sent, given: vector.sent })] : []),
  ];
};

for (const file of ['request-signing.json', 'request-verification.json', 'webhooks.json']) {
  const { vectors } = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
  for (const vector of vectors) process.stdout.write(`${formatLines(vector).join('\n')}\n`);
}
