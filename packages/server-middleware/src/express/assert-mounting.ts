import type { Request } from 'express';
import type { KeyStore } from '../keys/cpg-key.ts';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import './augment-request.ts';

/**
 * Refuses to serve where the middleware is mounted twice, or where a whitelist would be checked against an address that the
 * client chooses: with `trust proxy: true` Express takes the leftmost `X-Forwarded-For`.
 *
 * @throws ServerMiddlewareError `mounted_twice`, `permissive_trust_proxy`
 */
export const assertMounting = (request: Request, keys: KeyStore): void => {
  if (request.cpg !== undefined) {
    throw new ServerMiddlewareError(
      'mounted_twice',
      'A second cpgAuth saw an authenticated request, whose signature is used up. Mount cpgAuth once, in front of all protected routes.',
    );
  }
  if (keys.hasSourceIps === true) assertTrustedProxy(request);
};

/** @throws ServerMiddlewareError `permissive_trust_proxy` */
export const assertTrustedProxy = (request: Request): void => {
  if (request.app.get('trust proxy') !== true) return;
  throw new ServerMiddlewareError(
    'permissive_trust_proxy',
    'Keys have source IP whitelists, but "trust proxy" is true: every client may choose its address. Name the proxies instead: app.set(\'trust proxy\', 1), or their addresses.',
  );
};
