import { isRejection, type Rejection } from '@cpg/protocol';
import type { Request } from 'express';
import { RejectionError } from '../answers/rejection-error.ts';
import { parseJsonBody } from '../body/parse-json-body.ts';
import './augment-request.ts';

const malformed = new WeakMap<object, Rejection>();

/**
 * Sets `req.body` to the parsed JSON. Of a malformed body the answer has to wait until the permission was checked: reading
 * `req.body` then throws a `RejectionError` (400), so that no handler mistakes it for a request without body.
 */
export const setJsonBody = (request: Request): void => {
  // body-parser's own mark: a parser mounted behind leaves the request alone.
  Object.assign(request, { _body: true });
  const parsed = parseJsonBody(request.rawBody);
  if (!isRejection(parsed)) {
    request.body = parsed.value;
    return;
  }
  malformed.set(request, parsed);
  Object.defineProperty(request, 'body', {
    configurable: true,
    enumerable: false,
    get: () => {
      throw new RejectionError(parsed);
    },
  });
};

/** The 400 for a malformed body, once it is its turn in the order of checks. Contract §2.1. */
export const malformedBody = (request: object): Rejection | undefined => malformed.get(request);
