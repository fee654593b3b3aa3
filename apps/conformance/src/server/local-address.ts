import { type Address, openSocket } from '../wire/open-socket.ts';

/** Connects once from a local address. Throws an error that says how to give this machine that address. */
export const requireLocalAddress = async (address: Address): Promise<void> => {
  try {
    (await openSocket(address)).destroy();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error;
    throw new Error(
      `cannot connect from ${address.localAddress}: this machine does not have that address (EADDRNOTAVAIL). Linux has all of 127.0.0.0/8; on macOS: sudo ifconfig lo0 alias ${address.localAddress} up.`,
      { cause: error },
    );
  }
};
