import type { Socket } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
}

/** Writes one complete HTTP/1.1 answer; without a `Date` unless told. */
export const answer = (socket: Socket, { status, headers = {}, body = '' }: RawAnswer): void => {
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body), 'utf8');
  const all = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(bytes.length),
    ...headers,
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(
    Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Status\r\n${head.join('')}\r\n`, 'latin1'), bytes]),
  );
};

export const ok = (socket: Socket, data: unknown, headers: Readonly<Record<string, string>> = {}): void =>
  answer(socket, {
    status: 200,
    headers,
    body: {
      success: true,
      message: 'OK',
      data,
      ...(Array.isArray(data) ? { data_count: data.length } : {}),
    },
  });

export const refuse = (
  socket: Socket,
  [status, message]: readonly [number, string],
  headers: Readonly<Record<string, string>> = {},
): void => answer(socket, { status, headers, body: { success: false, message } });
