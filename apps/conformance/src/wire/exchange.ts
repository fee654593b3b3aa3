import { Connection, type RawAnswer } from './connection.ts';
import type { Address } from './open-socket.ts';

/** Sends bytes over a connection of its own, exactly as given, and reads the answer. */
export const exchange = async (address: Address, bytes: Buffer, timeoutMs?: number): Promise<RawAnswer> => {
  const connection = await Connection.open(address);
  try {
    connection.write(bytes);
    return await connection.read(timeoutMs);
  } finally {
    connection.close();
  }
};
