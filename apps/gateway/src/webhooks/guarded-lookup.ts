import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

const refused = (hostname: string, address: string) =>
  Object.assign(new Error(`${hostname} resolves to ${address}, which webhooks are not delivered to`), {
    code: 'EWEBHOOKHOST',
  });

/**
 * A `lookup` for sockets that refuses a name when any of its addresses is not permitted. The check is on the very answer
 * that the socket then connects to, so a name that changes its address between check and use gains nothing.
 */
export const guardedLookup =
  (isPermitted: (address: string) => boolean, resolve = lookup): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const forbidden = addresses.find(({ address }) => !isPermitted(address));
      const [first] = addresses;
      if (forbidden !== undefined) callback(refused(hostname, forbidden.address), []);
      else if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
