import { type CaseFilter, chooseCases } from './case-filter.ts';
import { Masker } from './masker.ts';
import type { Layer } from './record.ts';
import type { Plan } from './run.ts';
import { newSeed, Randomness } from './run-settings.ts';
import type { Suite } from './suite.ts';

/** A case that a run would try. */
export interface PlannedCase {
  readonly id: string;
  /** `unless`: not applicable if the implementation turns out to lack this. */
  readonly applies: 'yes' | 'no' | 'unless';
  /** What the case needs and the implementation lacks, or may lack. */
  readonly lacks: readonly string[];
}

/** The planned cases of one implementation on one layer. */
export interface PlannedCases {
  readonly layer: Layer;
  readonly label: string;
  readonly cases: readonly PlannedCase[];
}

const plan = <Context>(suite: Suite<Context>, filter: CaseFilter | undefined): PlannedCases => {
  const { layer, label, capabilities } = suite;
  const chosen = chooseCases(suite.cases, filter);
  const appliesTo = (needs: readonly string[] = []): PlannedCase['applies'] => {
    if (needs.every((need) => capabilities?.has(need) === true)) return 'yes';
    return capabilities === undefined ? 'unless' : 'no';
  };
  // An `always` case runs only together with others.
  const isAlone = !chosen.some(({ needs, always = false }) => !always && appliesTo(needs) !== 'no');
  return {
    layer,
    label,
    cases: chosen.map(({ id, needs = [], always = false }) => ({
      id,
      applies: always && isAlone ? 'no' : appliesTo(needs),
      lacks: always && isAlone ? ['another case'] : needs.filter((need) => capabilities?.has(need) !== true),
    })),
  };
};

/** Plans a run without starting anything. */
export const dryRun = (
  makePlan: (plan: Plan) => void,
  filter: CaseFilter | undefined,
): readonly PlannedCases[] => {
  const planned: PlannedCases[] = [];
  makePlan({
    masker: new Masker(),
    random: new Randomness(newSeed()),
    add: (suite) => {
      planned.push(plan(suite, filter));
    },
  });
  return planned.filter(({ cases }) => cases.length > 0);
};

/** Whether a run would try every implementation on at least one layer. */
export const isEachTried = (planned: readonly PlannedCases[]): boolean => {
  const tried = planned.filter(({ cases }) => cases.some(({ applies }) => applies !== 'no'));
  return planned.length > 0 && planned.every(({ label }) => tried.some((each) => each.label === label));
};
