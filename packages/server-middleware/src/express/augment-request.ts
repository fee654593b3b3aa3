import type { Principal } from '../principal.ts';

declare global {
  namespace Express {
    interface Request {
      /** Who sent the request; set by `cpgAuth`, and missing where it is not mounted. */
      cpg: Principal;
      /** The body bytes that were signed; set by `cpgAuth`. */
      rawBody: Buffer;
    }
  }
}
