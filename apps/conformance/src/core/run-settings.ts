import { createHmac, randomBytes } from 'node:crypto';
import type { Masker } from './masker.ts';

/** What all layers of a run share. */
export interface RunSettings {
  readonly random: Randomness;
  readonly masker: Masker;
}

/** Creates a random seed. */
export const newSeed = (): string => randomBytes(8).toString('hex');

/** Reproducible bytes: the same seed and label give the same bytes, and labels are independent. */
export class Randomness {
  readonly seed: string;

  constructor(seed: string) {
    this.seed = seed;
  }

  bytes(label: string, length = 24): Buffer {
    const blocks: Buffer[] = [];
    for (let block = 0; block * 32 < length; block++)
      blocks.push(createHmac('sha256', this.seed).update(`${label}/${block}`).digest());
    return Buffer.concat(blocks).subarray(0, length);
  }

  /** A secret of this run, in printable ASCII. */
  secret(label: string): string {
    return `run-secret-${this.bytes(`secret/${label}`).toString('base64url')}`;
  }
}
