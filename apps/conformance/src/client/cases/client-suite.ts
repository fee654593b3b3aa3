import { type AdapterCommand, knownCapabilities, startAdapter } from '../../adapter/adapter.ts';
import { outputCases } from '../../adapter/output-cases.ts';
import type { RunSettings } from '../../core/run-settings.ts';
import type { ConformanceCase, Session, Suite } from '../../core/suite.ts';
import { ClientUnderTest } from '../client-under-test.ts';
import { ATTEMPT_CASES } from './attempt-cases.ts';
import { ENCODING_CASES, SIZE_CASES } from './body-cases.ts';
import { CLOCK_CASES } from './clock-cases.ts';
import { DATA_CASES, SILENCE_CASES } from './data-cases.ts';
import { REDIRECT_CASES, REJECTION_CASES } from './rejection-cases.ts';
import { PATH_CASES, REQUEST_CASES } from './request-cases.ts';
import { AMOUNT_CASES, RESPONSE_CASES } from './response-cases.ts';
import { SECRECY_CASES } from './secrecy-cases.ts';

/** The cases of layer 2, in the order they run. */
export const CLIENT_CASES: readonly ConformanceCase<ClientUnderTest>[] = [
  REQUEST_CASES,
  PATH_CASES,
  REJECTION_CASES,
  REDIRECT_CASES,
  ATTEMPT_CASES,
  CLOCK_CASES,
  RESPONSE_CASES,
  AMOUNT_CASES,
  DATA_CASES,
  SILENCE_CASES,
  ENCODING_CASES,
  SIZE_CASES,
  SECRECY_CASES,
  outputCases<ClientUnderTest>(
    { layer: 'client', unsigned: ['stdout', 'stderr'], needs: ['call'] },
    ({ check, adapter, settings }) => ({ check, adapter, masker: settings.masker }),
  ),
].flat();

const open = async (command: AdapterCommand, settings: RunSettings): Promise<Session<ClientUnderTest>> => {
  const adapter = await startAdapter(command);
  return {
    implementation: adapter.implementation,
    capabilities: adapter.capabilities,
    prepare: async () => adapter.prepare?.(),
    context: (check, id) => {
      adapter.begin(id);
      adapter.listen?.((exchange) => check.trace(exchange));
      return new ClientUnderTest(check, adapter, settings);
    },
    close: async () => {
      await adapter.stop();
    },
  };
};

/** Layer 2: a client, started by a command. */
export const clientSuite = (command: AdapterCommand, settings: RunSettings): Suite<ClientUnderTest> => ({
  layer: 'client',
  label: command.commandLine,
  cases: CLIENT_CASES,
  ...knownCapabilities(command),
  open: () => open(command, settings),
});
