import { type Checker, ImplementationFailure } from '../core/checker.ts';
import type { Masker } from '../core/masker.ts';
import type { ConformanceCase } from '../core/suite.ts';
import type { Adapter } from './adapter.ts';
import { findLeak, MAX_OUTPUT_LENGTH, type Stream } from './adapter-output.ts';

/** The context of the cases that run last. */
interface OutputContext {
  readonly check: Checker;
  readonly adapter: Adapter;
  readonly masker: Masker;
}

interface Place {
  readonly layer: 'vectors' | 'client';
  /** The streams in which a signature is a leak. */
  readonly unsigned: readonly Stream[];
  readonly needs: readonly string[];
}

const ADAPTER = { what: 'end of the adapter', expected: 'exit code 0 after `stop`' };

const expectStop = async ({ check, adapter }: OutputContext): Promise<void> => {
  const { failure, isInTime, exitCode } = await adapter.stop();
  if (failure !== undefined) throw new ImplementationFailure(failure, ADAPTER);
  const ended = `exit code ${exitCode ?? '(none: ended by a signal)'}`;
  check.that(isInTime && exitCode === 0, {
    what: 'end of the adapter',
    expected: 'exit code 0',
    actual: isInTime ? ended : 'still running 5 s after `stop`',
  });
};

const expectNoSecrets = async (
  { check, adapter, masker }: OutputContext,
  unsigned: readonly Stream[],
): Promise<void> => {
  // The output at the end counts too.
  await adapter.stop();
  const output = adapter.output();
  const leak = findLeak({ output, masker, unsigned });
  if (leak === undefined && output.isTooLong)
    throw new ImplementationFailure(
      `more than ${MAX_OUTPUT_LENGTH} characters: too much to search for secrets`,
      {
        what: 'everything that the adapter wrote',
        expected: 'no secret of this run',
      },
    );
  const { what, stream, line, text, caseId } = leak ?? {};
  check.that(leak === undefined, {
    what: 'everything that the adapter wrote',
    expected: 'no secret of this run, and no signature except in a response to `sign`',
    actual: `a ${what} in line ${line} of ${stream}: ${text}`,
    ...(caseId === undefined ? {} : { hint: `It arrived during the case ${caseId}, or just before it.` }),
  });
};

const TIMEOUT_MS = 25_000;

/**
 * The last two cases of a layer with an adapter, which run with any other case: the adapter exits, and its
 * output until then contains no secret.
 */
export const outputCases = <Context>(
  { layer, unsigned, needs }: Place,
  getOutputContext: (context: Context) => OutputContext,
): readonly ConformanceCase<Context>[] => [
  {
    id: `${layer}-adapter-stops`,
    group: 'adapter',
    description: 'the adapter exits with code 0 within 5 seconds of `stop`',
    spec: '§6.7',
    needs: [...needs, 'memory'],
    always: true,
    timeoutMs: TIMEOUT_MS,
    run: (context) => expectStop(getOutputContext(context)),
  },
  {
    id: `${layer}-output-hides-secrets`,
    group: 'secrecy',
    description:
      'the output of the adapter until its end contains no secret, and no valid signature except in responses',
    spec: '§6.7',
    needs,
    always: true,
    timeoutMs: TIMEOUT_MS,
    run: (context) => expectNoSecrets(getOutputContext(context), unsigned),
  },
];
