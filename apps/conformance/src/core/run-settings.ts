import type { Masker } from './masker.ts';
import type { Randomness } from './randomness.ts';

/** What every layer of one run shares. */
export interface RunSettings {
  readonly random: Randomness;
  readonly masker: Masker;
}
