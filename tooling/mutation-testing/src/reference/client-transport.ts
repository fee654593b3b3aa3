import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Incoming, Outgoing } from './client-messages.ts';

const lengthOf = ({ body }: Outgoing): Readonly<Record<string, string>> =>
  body.length > 0 ? { 'Content-Length': String(body.length), 'Content-Type': 'application/json' } : {};

/** The bytes of a body; `undefined` when it breaks off or is longer than allowed. */
export const collect = (response: IncomingMessage, mostBytes: number): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > mostBytes) response.destroy();
    });
    response.on('error', () => resolve(undefined));
    response.on('close', () => resolve(undefined));
    response.on('end', () => resolve(Buffer.concat(chunks)));
  });

/** Sends one request, its target and headers byte for byte; `undefined` when no whole answer came. */
export const sendRequest = (
  base: URL,
  request: Outgoing,
  receive: (response: IncomingMessage) => Promise<Buffer | undefined>,
): Promise<Incoming | undefined> =>
  new Promise((resolve) => {
    const { method, target, headers, body } = request;
    const sent = httpRequest(
      {
        host: base.hostname,
        port: base.port,
        path: target,
        method,
        headers: { ...lengthOf(request), ...headers } as never,
        agent: false,
      },
      async (response) => {
        const received = await receive(response);
        const status = response.statusCode ?? 0;
        resolve(received && { status, headers: response.headers, body: received });
      },
    );
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
