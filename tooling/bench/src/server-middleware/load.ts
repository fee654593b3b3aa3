import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createSigningKey, signRequest } from '@cpg/protocol';
import Hawk from 'hawk';
import { generate } from 'hmac-auth-express';
import { MESSAGES, SECRET } from '../protocol/measure.ts';
import { KEY_ID, TARGET, type Variant } from './variants.ts';

const { body, text, parsed } = MESSAGES[1];
const key = createSigningKey(SECRET);
const credentials = { id: KEY_ID, key: SECRET, algorithm: 'sha256' } as const;

const formatHeaders = (variant: Variant, port: number, serial: number): Record<string, string> => {
  const target = formatTarget(serial);
  switch (variant) {
    // The same bytes as for the middleware: reading its headers is work of the server.
    case 'bare':
    case 'floor':
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

const formatTarget = (serial: number): string => `${TARGET}?n=${serial}`;

/** The bytes of one POST of 844 bytes, signed for the variant; all requests of a run differ. */
export const signedPost = (variant: Variant, port: number, serial: number): Buffer => {
  const headers = Object.entries({
    Host: `127.0.0.1:${port}`,
    'User-Agent': 'bench',
    Accept: 'application/json',
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...formatHeaders(variant, port, serial),
  });
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`POST ${formatTarget(serial)} HTTP/1.1\r\n${head}\r\n`), body]);
};

const CONNECTIONS = 32;

/** Open connections, each with one request in flight. */
export class Load {
  readonly #sockets: Socket[];

  private constructor(sockets: Socket[]) {
    this.#sockets = sockets;
  }

  static async open(port: number): Promise<Load> {
    const sockets = Array.from({ length: CONNECTIONS }, () =>
      connect({ port, host: '127.0.0.1', noDelay: true }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    return new Load(sockets);
  }

  /** Sends all requests and resolves when each has got a 200; rejects at the first other response. */
  async run(requests: readonly Buffer[]): Promise<void> {
    let next = 0;
    await Promise.all(
      this.#sockets.map(async (socket) => {
        for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
          const arrived = once(socket, 'data');
          socket.write(request);
          const [response] = (await arrived) as [Buffer];
          // Responses are small: each arrives whole.
          if (!response.subarray(0, 12).equals(OK)) throw new Error(response.toString());
        }
      }),
    );
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

const OK = Buffer.from('HTTP/1.1 200');
