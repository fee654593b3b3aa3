/** Servers that verify nothing, by name: what the suite must never take for a verifier. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
};

const BEHAVIOURS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'accept-all': (response) => answer(response, 200, { success: true, message: 'OK', data: { pong: true } }),
  'reject-all': (response) => answer(response, 401, { success: false, message: 'Invalid signature' }),
  'hang-up': (response) => void response.destroy(),
};

const [name = ''] = process.argv.slice(2);
const behave = BEHAVIOURS[name];
if (behave === undefined) throw new Error(`no control is called ${name}`);
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    if (request.url === '/_sandbox/clock') answer(response, 200, { now: 0, frozen: false });
    else behave(response);
  });
});
server.listen(0, '127.0.0.1', () =>
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`),
);
