import type { Checker } from '../core/checker.ts';
import type { Masker } from '../core/masker.ts';
import type { Randomness } from '../core/randomness.ts';
import type { VectorSubject } from './vector-subject.ts';

/** What one case of layer 1 works with. */
export interface VectorContext {
  readonly check: Checker;
  readonly subject: VectorSubject;
  readonly random: Randomness;
  readonly masker: Masker;
}
