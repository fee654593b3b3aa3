import { createServer } from 'node:http';
import { getPort, LOOPBACK } from '@cpg/test-support/ports';

/** Responds to every request with one balance, in a process of its own: its CPU time is not the client's. */
const body = JSON.stringify({
  success: true,
  message: 'OK',
  data: [{ currency: 'USDT', network: 'ETH', balance: '3.0', held: '1.0', available: '2.0' }],
  data_count: 1,
});
const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length }).end(body);
});
// A contender may wait longer for its turn than Node.js keeps an idle connection.
server.keepAliveTimeout = 0;
server.listen(0, LOOPBACK, () => process.send?.(getPort(server)));
process.once('disconnect', () => process.exit());
