import type { Socket } from 'node:net';
import { pipeline, type Readable } from 'node:stream';

interface Head {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the server does with a request: answer, at once or piece by piece; send these bytes and hang up; or reset the connection. */
export type Reply =
  | (Head & { readonly body?: string | Buffer })
  /** How the body is framed is for `headers` to say; without a word about it, it lasts until the connection closes. */
  | (Head & { readonly stream: () => Readable })
  | { readonly raw: string | Buffer }
  | { readonly reset: true };

const encodeHead = ({ status, headers }: Head, framing: Readonly<Record<string, string>>): string => {
  const all = {
    'Content-Type': 'application/json; charset=utf-8',
    Date: new Date().toUTCString(),
    Connection: 'close',
    ...framing,
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n`;
};

/** Sends a reply and ends the connection; a stream no faster than the other side takes it. */
export const sendReply = (socket: Socket, reply: Reply): void => {
  if ('reset' in reply) {
    socket.resetAndDestroy();
    return;
  }
  if ('raw' in reply) {
    socket.end(reply.raw);
    return;
  }
  if ('stream' in reply) {
    socket.write(encodeHead(reply, {}));
    // The other side may hang up at any time: that is for the case to judge.
    pipeline(reply.stream(), socket, () => undefined);
    return;
  }
  const body = Buffer.from(reply.body ?? '');
  socket.write(encodeHead(reply, { 'Content-Length': String(body.length) }));
  socket.end(body);
};
