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

const textOf = (bytes: string | Buffer): string => Buffer.from(bytes).toString('latin1');

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

/** Sends a reply and ends the connection; a stream no faster than the other side takes it. Returns what was sent, as latin1 text. */
export const sendReply = (socket: Socket, reply: Reply): string => {
  if ('reset' in reply) {
    socket.resetAndDestroy();
    return '(the connection was reset)';
  }
  if ('raw' in reply) {
    socket.end(reply.raw);
    return reply.raw.length === 0 ? '(the connection was closed)' : textOf(reply.raw);
  }
  if ('stream' in reply) {
    const head = encodeHead(reply, {});
    socket.write(head);
    // The other side may hang up at any time: that is for the case to judge.
    pipeline(reply.stream(), socket, () => undefined);
    return `${head}(a long body, piece by piece)`;
  }
  const body = Buffer.from(reply.body ?? '');
  const head = encodeHead(reply, { 'Content-Length': String(body.length) });
  socket.write(head);
  socket.end(body);
  return head + textOf(body);
};
