import { createHash, createHmac } from 'node:crypto';
import { type CapturedRequest, headerOf } from './raw-server.ts';

/** The signature that captured bytes should carry, by contract §1.2 and node:crypto alone. */
export const recomputeSignature = (request: CapturedRequest, secret: string): string => {
  const [path = '', ...rest] = request.target.split('?');
  const fields = [
    headerOf(request, 'x-cpg-timestamp'),
    request.method,
    path,
    rest.join('?'),
    createHash('sha256').update(request.body).digest('hex'),
  ];
  return createHmac('sha256', Buffer.from(secret, 'utf8')).update(fields.join('\n')).digest('hex');
};

/** Whether the captured bytes are the signed bytes. */
export const isAuthentic = (request: CapturedRequest, secret: string): boolean =>
  headerOf(request, 'x-cpg-signature') === recomputeSignature(request, secret);
