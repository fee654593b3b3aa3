import { startAdapter } from '../adapter/adapter-session.ts';
import type { ConformanceCase, Session, Suite } from '../core/conformance-case.ts';
import type { RunSettings } from '../core/run-settings.ts';
import {
  ATTEMPT_CASES,
  REDIRECT_CASES,
  REFUSAL_CASES,
  REQUEST_CASES,
  RESPONSE_CASES,
  SECRECY_CASES,
} from './cases/index.ts';
import { ClientUnderTest } from './client-under-test.ts';

/** The cases of layer 2, in the order they are tried. */
export const CLIENT_CASES: readonly ConformanceCase<ClientUnderTest>[] = [
  REQUEST_CASES,
  REFUSAL_CASES,
  REDIRECT_CASES,
  ATTEMPT_CASES,
  RESPONSE_CASES,
  SECRECY_CASES,
].flat();

const open = async (commandLine: string, settings: RunSettings): Promise<Session<ClientUnderTest>> => {
  const { process, implementation, capabilities } = await startAdapter(commandLine);
  return {
    implementation,
    capabilities,
    context: (check) => new ClientUnderTest(check, { adapter: process, capabilities, settings }),
    close: async () => {
      await process.stop();
    },
  };
};

/** Layer 2: a client, by the command that starts its adapter. */
export const clientSuite = (commandLine: string, settings: RunSettings): Suite<ClientUnderTest> => ({
  layer: 'client',
  label: commandLine,
  cases: CLIENT_CASES,
  open: () => open(commandLine, settings),
});
