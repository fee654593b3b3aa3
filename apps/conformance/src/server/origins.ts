import { NotApplicable } from '../core/checker.ts';
import type { HeaderPair } from '../core/probes/index.ts';
import { openSocket } from '../wire/connection.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const OTHER_LOOPBACK = '127.0.0.2';

/**
 * The same server, reached from another address of this machine: all of 127.0.0.0/8 belongs to a Linux machine.
 * Not applicable when there is none.
 */
export const fromOtherAddress = async (server: ServerUnderTest): Promise<ServerUnderTest> => {
  const { address } = server.target;
  const isLoopback = address.host === 'localhost' || address.host.startsWith('127.');
  if (!isLoopback) throw new NotApplicable('needs: a server on a loopback address');
  const other = { ...address, localAddress: OTHER_LOOPBACK };
  try {
    (await openSocket(other)).destroy();
  } catch {
    throw new NotApplicable(`needs: the address ${OTHER_LOOPBACK} on this machine`);
  }
  return server.at(other);
};

/** Headers in which a proxy would name another client. */
export const claimOrigin = (client: string): readonly HeaderPair[] => [
  ['X-Forwarded-For', client],
  ['X-Real-IP', client],
  ['Forwarded', `for=${client}`],
];
