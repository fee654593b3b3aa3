import { clientSuite } from '@cpg/conformance/src/client/cases/client-suite.ts';
import { createCaseFilter } from '@cpg/conformance/src/core/case-filter.ts';
import type { CaseRecord, ResultRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { getExitCode } from '@cpg/conformance/src/core/tally.ts';
import { adapterVectorSuite } from '@cpg/conformance/src/vectors/vectors-suite.ts';
import { commandFor, judgeServer } from '../trial.ts';

/**
 * A program that implements nothing, or a correct but awkward one, and the result that a run of it must have.
 */
export interface Control {
  readonly id: string;
  readonly layer: 'vectors' | 'client' | 'server';
  readonly exitCode: 0 | 1 | 3;
  /** The part of the layer that is run, as in `--run`. */
  readonly only?: string;
  /** Cases of these ids that must not pass. */
  readonly mustNotPass?: RegExp;
  /** Cases of these ids that must pass, to show that the control does what it says. */
  readonly mustPass?: RegExp;
}

const GOOD_REQUEST =
  /^server-(?:accept-|header-names-|header-order|encoding-identity|window-(?:past|future)-(?:29|300))/;
const BAD_REQUEST =
  /^(?:verify|server)-(?:missing-|empty-|repeated-|tamper-|recipe-|timestamp-|key-|order-|signature-|target-(?:absolute|fragment|backslash))/;

/**
 * A program that sends nothing can only pass the two cases of layer 2 that are about its output and its end.
 */
const SENDING = /^client-(?!output-hides-secrets$|adapter-stops$)/;

/** One that reports an error may also reject a secret that ends with a line feed. */
const SENDING_WITH_ERRORS = /^client-(?!output-hides-secrets$|adapter-stops$|secret-trailing-line-feed$)/;

export const CONTROLS: readonly Control[] = [
  {
    id: 'inert',
    layer: 'client',
    exitCode: 1,
    mustNotPass: SENDING,
  },
  { id: 'inert-with-errors', layer: 'client', exitCode: 1, mustNotPass: SENDING_WITH_ERRORS },
  { id: 'inert', layer: 'vectors', exitCode: 1, mustNotPass: /^sign-/ },
  { id: 'constant-signature', layer: 'vectors', exitCode: 1, mustNotPass: /^sign-/ },
  {
    id: 'known-signatures',
    layer: 'vectors',
    exitCode: 1,
    mustNotPass: /^sign-fresh-/,
    mustPass: /^sign-(?!fresh-|refuse-)/,
  },
  { id: 'crash-in-the-middle', layer: 'vectors', exitCode: 1, mustPass: /^sign-worked-example$/ },
  { id: 'stop-early-with-0', layer: 'vectors', exitCode: 1, mustPass: /^sign-worked-example$/ },
  // Twice, each up to the deadline.
  { id: 'hang', layer: 'vectors', only: 'sign-{path,query}-*', exitCode: 1 },
  { id: 'garbage', layer: 'vectors', exitCode: 1, mustPass: /^sign-worked-example$/ },
  { id: 'respond-twice', layer: 'vectors', exitCode: 1, mustPass: /^sign-worked-example$/ },
  { id: 'unknown-id', layer: 'vectors', exitCode: 1, mustPass: /^sign-worked-example$/ },
  { id: 'slow-but-correct', layer: 'vectors', exitCode: 0, mustPass: /^sign-/ },
  {
    id: 'accept-all',
    layer: 'vectors',
    exitCode: 1,
    mustNotPass: BAD_REQUEST,
    mustPass: /^verify-(?:vector|accept)-/,
  },
  {
    id: 'reject-all',
    layer: 'vectors',
    exitCode: 1,
    mustNotPass: /^verify-(?:vector|accept)-/,
    mustPass: /^verify-tamper-/,
  },
  {
    id: 'reject-all-as-invalid',
    layer: 'vectors',
    exitCode: 1,
    mustNotPass: /^verify-(?:vector|missing|timestamp)-/,
  },
  { id: 'by-coin', layer: 'vectors', exitCode: 1 },
  {
    id: 'prints-secrets',
    layer: 'vectors',
    exitCode: 1,
    only: 'sign-ping',
    mustNotPass: /^vectors-output-hides-secrets$/,
    mustPass: /^sign-ping$/,
  },
  { id: 'accept-all', layer: 'server', exitCode: 1, mustNotPass: BAD_REQUEST },
  { id: 'reject-all', layer: 'server', exitCode: 1, mustNotPass: GOOD_REQUEST },
  { id: 'hang-up', layer: 'server', exitCode: 3, mustNotPass: /./ },
];

const judge = ({ id, layer, only }: Control): Promise<readonly ResultRecord[]> => {
  const program = { program: 'controls/run-control.ts', argv: [layer, id] };
  if (layer === 'server') return judgeServer(program);
  const command = commandFor(program);
  const options = { filter: createCaseFilter(only) };
  return layer === 'client'
    ? run((plan) => plan.add(clientSuite(command, plan)), options)
    : run((plan) => plan.add(adapterVectorSuite(command, plan)), options);
};

const firstIds = (cases: readonly CaseRecord[]): string =>
  cases
    .map(({ id }) => id)
    .slice(0, 3)
    .join(', ');

/** Runs a control; returns how its result differs from the one it must have. */
export const judgeControl = async (control: Control): Promise<readonly string[]> => {
  const { id, layer, exitCode, mustNotPass, mustPass } = control;
  const records = await judge(control);
  const cases = records.filter(
    (record): record is CaseRecord => record.type === 'case' && record.verdict !== 'notapplicable',
  );
  const problems: string[] = [];
  const code = getExitCode(records);
  if (code !== exitCode) problems.push(`exit code ${code} instead of ${exitCode}`);
  const passed = cases.filter((each) => each.verdict === 'pass' && mustNotPass?.test(each.id));
  if (passed.length > 0) problems.push(`${firstIds(passed)} passed`);
  const relevant = cases.filter((each) => mustPass?.test(each.id));
  const failed = relevant.filter((each) => each.verdict !== 'pass');
  if (mustPass !== undefined && (relevant.length === 0 || failed.length > 0))
    problems.push(`${firstIds(failed)} did not pass`);
  return problems.map((problem) => `CONTROL     ${layer} ${id}: ${problem}`);
};
