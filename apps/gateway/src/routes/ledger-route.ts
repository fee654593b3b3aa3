import { type Endpoint, REJECTIONS } from '@cpg/protocol';
import { RejectionError, type Route, type RouteHandler, route } from '@cpg/server-middleware';
import { isDatabaseUnavailable } from '../database/database-unavailable.ts';

/** A route whose handler reads the ledger: 503 when the database cannot be reached. Contract §3. */
export const ledgerRoute = <E extends Endpoint>(endpoint: E, handler: RouteHandler<E>): Route =>
  route<E>(endpoint, async (request) => {
    try {
      return await handler(request);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      throw new RejectionError(REJECTIONS.service_unavailable, { cause: error });
    }
  });
