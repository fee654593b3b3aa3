// A service that declared rawBody itself, as many do for webhooks of other vendors.
import { cpgAuth, memoryStore, staticKeys } from '@cpg/server-middleware';
import express, { type Request } from 'express';

declare global {
  namespace Express {
    interface Request {
      rawBody?: Buffer;
    }
  }
}

// As in @google-cloud/functions-framework.
export interface FunctionRequest extends Request {
  rawBody?: Buffer;
}

export const app = express();
app.use('/v1', cpgAuth({ keys: staticKeys([]), store: memoryStore() }));
app.post('/v1/files', (request, response) => {
  const bytes: Buffer | undefined = request.rawBody;
  // @ts-expect-error missing on routes without cpgAuth
  response.json({ length: request.rawBody.length, bytes });
});
app.use(express.json({ verify: (request, _response, bytes) => Object.assign(request, { rawBody: bytes }) }));
