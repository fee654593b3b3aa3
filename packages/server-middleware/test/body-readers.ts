import type { AddressInfo } from 'node:net';
import express5 from 'express';
import express4 from 'express4';
import morgan from 'morgan';
import { memoryStore } from '../src/admission/memory/memory-store.ts';
import { cpgAuth } from '../src/express/cpg-auth.ts';
import { errorHandler } from '../src/express/error-handler.ts';
import { requirePermission } from '../src/express/require-permission.ts';
import { staticKeys } from '../src/keys/key-store.ts';
import { testKey } from './keys.ts';
import { NOW } from './signed-request.ts';

/** A service that reads `req.body` wherever services do, in a process of its own; sends its port to its parent. */
const express = process.argv[2] === 'Express 4' ? express4 : express5;
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
const server = app.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('disconnect', () => process.exit());
