import { cliffsDelta, effectSizeOf } from './cliffs-delta.ts';
import type { PairTimes } from './measure-pairs.ts';
import { median } from './median.ts';

const micro = (value: number): string => `${value.toFixed(1)} µs`;

/** What the times say, and what they do not. */
export const renderTiming = ({ unknownKey, badSignature }: PairTimes): string => {
  const [unknown, bad] = [median(unknownKey), median(badSignature)];
  const delta = cliffsDelta(unknownKey, badSignature);
  const longer = (((delta + 1) / 2) * 100).toFixed(1);
  return `${[
    `${unknownKey.length} interleaved pairs`,
    `  unknown key                  median ${micro(unknown)}`,
    `  known key, bad signature     median ${micro(bad)}`,
    `  difference of the medians    ${micro(unknown - bad)}`,
    `  Cliff's delta                ${delta.toFixed(3)} (${effectSizeOf(delta)})`,
    '',
    `An unknown key took longer in ${longer} % of all comparisons; 50 % is no difference. Below 0.147 either way the effect`,
    'is negligible, from 0.474 it is large: who can measure like this can tell which keys exist. Contract §2: unknown keys',
    'cost the same HMAC work. This is a measurement, not a verdict; repeat it, on a quiet machine, before you believe it.',
  ].join('\n')}\n`;
};
