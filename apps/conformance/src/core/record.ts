import packageJson from '../../package.json' with { type: 'json' };
import type { Diff } from './checker.ts';

export const SUITE_VERSION: string = packageJson.version;

/** The verdicts of a case, with their meaning. */
export const VERDICTS = Object.freeze({
  pass: 'The implementation follows the wire protocol.',
  fail: 'The implementation does not follow the wire protocol.',
  warn: 'A difference that the wire protocol tolerates; fails a strict run.',
  xfail: 'Listed as a known failure, and failed.',
  xpass: 'Listed as a known failure, but passed: the entry is stale.',
  notapplicable: 'The implementation lacks what the case needs.',
  error:
    'No verdict: the implementation could not be started, the run lacks something, or the case checked nothing.',
} as const);

export type Verdict = keyof typeof VERDICTS;

/** Whether a verdict says something about the implementation. */
export const isJudged = (verdict: Verdict): boolean => verdict !== 'notapplicable' && verdict !== 'error';

/** The three layers of the suite: no I/O, a client on the wire, a server on the wire. */
export const LAYERS = Object.freeze(['vectors', 'client', 'server'] as const);

export type Layer = (typeof LAYERS)[number];

/** The first line of a result file. */
export interface HeaderRecord {
  readonly type: 'header';
  readonly suite: 'cpg-conformance';
  readonly format: 1;
  readonly suiteVersion: string;
  readonly startedAt: string;
  readonly seed: string;
  /** The pattern of `--run`, when the run was filtered. */
  readonly filter?: string;
}

/** One implementation that is judged on one layer, before its cases. */
export interface ImplementationRecord {
  readonly type: 'implementation';
  readonly implementation: string;
  readonly layer: Layer;
  readonly language?: string;
  readonly version?: string;
  readonly notes: readonly string[];
  readonly planned: number;
}

/** The verdict of one case. */
export interface CaseRecord {
  readonly type: 'case';
  readonly implementation: string;
  readonly layer: Layer;
  readonly id: string;
  readonly group: string;
  readonly description: string;
  readonly spec: string;
  readonly verdict: Verdict;
  readonly durationMs: number;
  /** Why there is no verdict, why the case does not apply, or why it is expected to fail. */
  readonly reason?: string;
  readonly diff?: Diff;
  /** The command that runs this case alone, with the same secrets; for a case that fails the run. */
  readonly repeat?: string;
}

/** A problem with an entry of the known failures. */
export interface ExpectationRecord {
  readonly type: 'expectation';
  readonly problem: 'unmatched';
  readonly entry: string;
}

export type Counts = Readonly<Record<Verdict, number>>;

/** The last line of a result file; one without it is incomplete. */
export interface FooterRecord {
  readonly type: 'footer';
  readonly planned: number;
  readonly seen: number;
  readonly counts: Counts;
  readonly durationMs: number;
}

/** One line of a result file, from which every other report is rendered. */
export type ResultRecord =
  | HeaderRecord
  | ImplementationRecord
  | CaseRecord
  | ExpectationRecord
  | FooterRecord;
