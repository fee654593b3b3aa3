import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { readSigningVectors, type SigningVector } from '../vectors/vector-files.ts';
import { UsageError } from './inputs.ts';

const README = `The published signing vectors of the CPG wire protocol, one folder per case, for use with diff.

context.json           what the case is about; the key id, the secret (base64 of its bytes) and the time
request.txt            the request as raw bytes, with CRLF line ends, before it is signed
body-sha256.txt        lowercase hex SHA-256 of the body
canonical-request.txt  the canonical string: five lines with LF between them, and NO line feed after the last
signature.txt          lowercase hex HMAC-SHA256 of the canonical string, no line feed after it
signed-request.txt     the request with its three headers

Only this file and context.json have an added final line feed: compare bytes (cmp, diff, xxd).
The requests to reject and the webhooks are in @cpg/protocol/vectors as JSON.
`;

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const request = (vector: SigningVector, headers: readonly string[]): Buffer => {
  const { method, target, body } = vector;
  const length = body.length === 0 ? [] : [`Content-Length: ${body.length}`];
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: api.example.com', ...length, ...headers, '', ''];
  return Buffer.concat([latin1(lines.join('\r\n')), body]);
};

const createFiles = (vector: SigningVector): Readonly<Record<string, Buffer | string>> => {
  const { id, group, description, spec, level, keyId, secret, timestamp, method, target } = vector;
  const about = { id, group, description, spec, level };
  const input = { keyId, secretB64: secret.toString('base64'), timestamp, method, target };
  return {
    'context.json': `${JSON.stringify({ ...about, ...input }, undefined, 2)}\n`,
    'request.txt': request(vector, []),
    'body-sha256.txt': vector.bodySha256,
    'canonical-request.txt': Buffer.from(vector.canonicalHex, 'hex'),
    'signature.txt': vector.signature,
    'signed-request.txt': request(vector, [
      `X-CPG-Key: ${keyId}`,
      `X-CPG-Timestamp: ${timestamp}`,
      `X-CPG-Signature: ${vector.signature}`,
    ]),
  };
};

/**
 * Writes the signing vectors as a tree of files, and returns their number. Throws a `UsageError` for a folder
 * that is not empty.
 */
export const exportVectors = async (folder: string): Promise<number> => {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new UsageError(`The folder cannot be created: ${folder}.`, { cause });
  });
  if ((await readdir(folder)).length > 0)
    throw new UsageError(`The folder is not empty: ${folder}. Pass a new one: nothing is overwritten.`);
  const vectors = readSigningVectors();
  await writeFile(join(folder, 'README.txt'), README);
  for (const vector of vectors) {
    await mkdir(join(folder, vector.id));
    for (const [name, content] of Object.entries(createFiles(vector)))
      await writeFile(join(folder, vector.id, name), content);
  }
  return vectors.length;
};

export const exportCommand = (): Command =>
  new Command('export')
    .description('write the signing vectors as files, one folder per case, for use with diff')
    .argument('<folder>', 'a new or empty folder')
    .action(async (folder: string) => {
      const count = await exportVectors(folder);
      process.stdout.write(`${count} vectors in ${folder}\n`);
    });
