// Signs each vector of standard input with examples/node-fetch/sign-request.mjs. The lines are described in sign-request.test.ts.
import { readFileSync } from 'node:fs';

// Not a static import: the helper belongs to no package.
const { signRequest } = await import(
  new URL('../../../examples/node-fetch/sign-request.mjs', import.meta.url).href
);
const decode = (text) => Buffer.from(text, 'base64').toString();
for (const line of readFileSync(0, 'utf8').trimEnd().split('\n')) {
  const [secret, timestamp, method, target, body] = line.split(' ');
  const options = { body: readFileSync(body), secret: decode(secret), timestamp };
  process.stdout.write(`${signRequest(method, decode(target), options)['X-CPG-Signature']}\n`);
}
