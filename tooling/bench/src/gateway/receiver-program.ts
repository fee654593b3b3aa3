import { createServer } from 'node:http';
import { getPort, LOOPBACK } from '@cpg/test-support/ports';

const SLOW_MS = 5_000;

/** Receives webhooks in a process of its own; those to `/slow` get their response after five seconds. */
const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/slow') setTimeout(() => response.end(), SLOW_MS);
  else response.end();
});
server.listen(0, LOOPBACK, () => process.send?.(getPort(server)));
process.once('disconnect', () => process.exit());
