import { REJECTIONS, type Rejection } from '@cpg/protocol';
import { ServerMiddlewareError } from '../server-middleware-error.ts';
import { plainAddress } from '../source-ip/plain-address.ts';
import { sourceIpList } from '../source-ip/source-ip-list.ts';

/**
 * Refuses a client address outside the key's whitelist; a key without one is used from anywhere. Contract §2, restriction 3.
 *
 * @throws ServerMiddlewareError `invalid_source_ip`, `unusable_client_ip`
 */
export const checkSourceIp = (
  sourceIps: readonly string[] | undefined,
  clientIp: () => string | undefined,
): Rejection | undefined => {
  if (sourceIps === undefined) return undefined;
  const address = clientIp();
  const plain = plainAddress(address ?? '');
  if (plain === undefined) {
    throw new ServerMiddlewareError(
      'unusable_client_ip',
      `The client address must be an IP address without port: got ${JSON.stringify(address ?? null)}. Check Express's "trust proxy" setting and what the proxy writes into X-Forwarded-For.`,
    );
  }
  return sourceIpList(sourceIps).check(plain.address, plain.family)
    ? undefined
    : REJECTIONS.source_ip_not_whitelisted;
};
