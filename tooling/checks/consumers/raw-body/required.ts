// A service whose every route has the bytes.
import { cpgAuth, memoryStore, staticKeys } from '@cpg/server-middleware';
import express, { type Request } from 'express';

declare global {
  namespace Express {
    interface Request {
      rawBody: Buffer;
    }
  }
}

// As in firebase-functions.
export interface HttpsRequest extends Request {
  rawBody: Buffer;
}

export const app = express();
app.use(cpgAuth({ keys: staticKeys([]), store: memoryStore() }), (request, response) => {
  response.json({ length: request.rawBody.length });
});
