import type { ImplementationRecord, ResultRecord } from './record.ts';
import { isJudged } from './verdict.ts';

/** The layers of implementations of which no planned case was judged, as nothing applied or nothing could be tried. */
export const unjudgedLayers = (records: readonly ResultRecord[]): readonly ImplementationRecord[] => {
  const judged = records
    .filter((record) => record.type === 'case')
    .filter(({ verdict }) => isJudged(verdict));
  return records
    .filter((record) => record.type === 'implementation')
    .filter(
      ({ implementation, layer, planned }) =>
        planned > 0 && !judged.some((each) => each.implementation === implementation && each.layer === layer),
    );
};

/** The implementations of which no case was judged on any layer: a run with one says nothing about it, whatever others did. */
export const untriedImplementations = (records: readonly ResultRecord[]): readonly string[] => {
  const layers = new Set(unjudgedLayers(records));
  const judged = records
    .filter((record) => record.type === 'implementation')
    .filter((record) => record.planned > 0 && !layers.has(record))
    .map(({ implementation }) => implementation);
  const unjudged = [...layers].map(({ implementation }) => implementation);
  return [...new Set(unjudged)].filter((name) => !judged.includes(name));
};
