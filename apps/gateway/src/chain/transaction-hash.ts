import { createHash } from 'node:crypto';
import type { AddressFamily } from './destination-address.ts';

/** A transaction hash that follows from what it is of, so that a broadcast repeated after a crash finds the same one. */
export const transactionHash = (subject: string, family: AddressFamily): string => {
  const digest = createHash('sha256').update(`cpg-simulated-chain:${subject}`).digest('hex');
  return family === 'ethereum' ? `0x${digest}` : digest;
};
