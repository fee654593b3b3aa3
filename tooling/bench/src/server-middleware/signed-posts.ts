import { createSigningKey, signRequest } from '@cpg/protocol';
import Hawk from 'hawk';
import { generate } from 'hmac-auth-express';
import { MESSAGES, SECRET } from '../protocol/message.ts';
import { KEY_ID, TARGET, type Variant } from './variants.ts';

const { body, text, parsed } = MESSAGES[1];
const key = createSigningKey(SECRET);
const credentials = { id: KEY_ID, key: SECRET, algorithm: 'sha256' } as const;

const headersOf = (variant: Variant, port: number, serial: number): Record<string, string> => {
  const target = targetOf(serial);
  switch (variant) {
    case 'bare':
      return { 'X-CPG-Key': KEY_ID };
    case 'cpg-memory':
    case 'cpg-redis': {
      const timestamp = Math.floor(Date.now() / 1000);
      return signRequest({ keyId: KEY_ID, key, method: 'POST', target, body, timestamp }).headers;
    }
    case 'hmac-auth-express': {
      const now = String(Date.now());
      return {
        Authorization: `HMAC ${now}:${generate(SECRET, 'sha256', now, 'POST', target, parsed).digest('hex')}`,
      };
    }
    case 'hawk': {
      const options = { credentials, payload: text, contentType: 'application/json' };
      return {
        Authorization: Hawk.client.header(`http://127.0.0.1:${port}${target}`, 'POST', options).header,
      };
    }
  }
};

const targetOf = (serial: number): string => `${TARGET}?n=${serial}`;

/** The bytes of one POST of 844 bytes, signed as the variant asks for; no two of one run are the same. */
export const signedPost = (variant: Variant, port: number, serial: number): Buffer => {
  const headers = Object.entries({
    Host: `127.0.0.1:${port}`,
    'User-Agent': 'bench',
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...headersOf(variant, port, serial),
  });
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`POST ${targetOf(serial)} HTTP/1.1\r\n${head}\r\n`), body]);
};
