import { type AddressInfo, createServer } from 'node:net';

const BODY = JSON.stringify({ success: true, message: 'OK', data: { pong: true } });
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

/** Answers 200 to the first bytes of whatever comes, without an HTTP parser. */
export const startRawServer = (): Promise<string> => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(ANSWER));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
};
