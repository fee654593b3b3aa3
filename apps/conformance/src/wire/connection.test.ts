import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { Connection, exchange, NoResponse } from './connection.ts';

const expectStop: (() => void)[] = [];
afterEach(() => {
  for (const stop of expectStop.splice(0)) stop();
});

const serve = async (onData: (socket: Socket, text: string) => void): Promise<number> => {
  const server = createServer((socket) => {
    expectStop.push(() => socket.destroy());
    socket.on('data', (bytes) => onData(socket, bytes.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  expectStop.push(() => server.close());
  return (server.address() as AddressInfo).port;
};

const response = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

it('reads responses in order, also when two arrive at once', async () => {
  const port = await serve((socket, text) => socket.write(response(`${text}1`) + response(`${text}2`)));
  const connection = await Connection.open({ host: '127.0.0.1', port });
  connection.write(Buffer.from('a'));
  expect((await connection.read())?.body.toString()).toBe('a1');
  expect((await connection.read())?.body.toString()).toBe('a2');
  connection.close();
});

it('distinguishes a closed connection from a silent one', async () => {
  const port = await serve((socket, text) => text === 'close' && socket.end());
  const closing = await Connection.open({ host: '127.0.0.1', port });
  closing.write(Buffer.from('close'));
  expect(await closing.read()).toBeUndefined();
  expect(closing.isClosed).toBe(true);
  const silent = await Connection.open({ host: '127.0.0.1', port });
  silent.write(Buffer.from('wait'));
  await expect(silent.read(20)).rejects.toThrow(NoResponse);
  silent.close();
  await expect(exchange({ host: '127.0.0.1', port }, Buffer.from('wait'), 20)).rejects.toThrow(
    'no complete response within 20 ms',
  );
});

it('connects from the given local address', async () => {
  let seen: string | undefined;
  const port = await serve((socket) => {
    seen = socket.remoteAddress;
    socket.end(response('x'));
  });
  await exchange({ host: '127.0.0.1', port, localAddress: '127.0.0.1' }, Buffer.from('x'));
  expect(seen).toBe('127.0.0.1');
});

it.each([
  ['without an end of its head', 'HTTP/1.1 200 OK\r\nX: '],
  ['without a length', 'HTTP/1.1 200 OK\r\n\r\n'],
])('limits the bytes of a response %s', async (_name, head) => {
  const port = await serve((socket) => {
    socket.on('error', () => undefined);
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    // A write that failed calls back before the socket is destroyed: another one would go on for ever.
    const goOn = (error?: Error | null): unknown => error ?? (socket.destroyed || socket.write(chunk, goOn));
    socket.write(head, goOn);
  });
  const connection = await Connection.open({ host: '127.0.0.1', port });
  connection.write(Buffer.from('x'));
  await expect(connection.read(50_000)).rejects.toThrow(
    'the server sent more than 4194304 bytes without the end of a response',
  );
});
