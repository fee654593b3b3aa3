import type { AddressInfo } from 'node:net';
import { cpgAuth, errorHandler, memoryStore, requirePermission, staticKeys } from '@cpg/server-middleware';
import morgan from 'morgan';
import { LOOPBACK } from '../ports.ts';
import { EXPRESS_VERSIONS } from './express-versions.ts';
import { NOW, testKey } from './fixtures.ts';

/** A service that reads `req.body` wherever services do, in a process of its own; sends its port to its parent. */
const [, express] = EXPRESS_VERSIONS[process.argv[2] === 'Express 4' ? 0 : 1];
const clock = () => NOW * 1000;
const keys = staticKeys([testKey(), testKey({ keyId: 'ck_none', permissions: [] })]);

morgan.token('body', (request) => JSON.stringify((request as { readonly body?: unknown }).body) ?? '-');

const app = express();
app.use(morgan(':method :url :status :body'));
app.use((request, response, next) => {
  response.on('finish', () => process.stdout.write(`finished with ${typeof request.body}\n`));
  next();
});
app.use('/v1', cpgAuth({ keys, store: memoryStore({ clock }), clock }));
app.use('/v1/withdrawals/checked', requirePermission('withdraw'));
// As on Express 4: Express does not see what an async handler rejects with.
app.use('/v1', (request, response) => {
  const serve = async () => {
    const body: unknown = request.body;
    request.body = { replaced: body };
    response.json(request.body);
  };
  void serve();
});
app.use(errorHandler());
const server = app.listen(0, LOOPBACK, () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
