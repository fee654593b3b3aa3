import type { Implementation } from '../core/conformance-case.ts';
import { AdapterProcess } from './adapter-process.ts';
import { helloAnswer, readAnswer } from './answers.ts';

/** An adapter that has introduced itself. */
export interface StartedAdapter {
  readonly process: AdapterProcess;
  readonly implementation: Implementation;
  /** Its roles and its optional abilities. */
  readonly capabilities: ReadonlySet<string>;
}

/** Starts an adapter and lets it introduce itself; ends it again when it does not. */
export const startAdapter = async (commandLine: string): Promise<StartedAdapter> => {
  const process = new AdapterProcess(commandLine);
  try {
    const { name, language, version, roles, caps } = readAnswer(helloAnswer, await process.hello());
    return {
      process,
      implementation: {
        name,
        ...(language === undefined ? {} : { language }),
        ...(version === undefined ? {} : { version }),
        notes: caps.length === 0 ? [] : [`can: ${caps.join(', ')}`],
      },
      capabilities: new Set([...roles, ...caps]),
    };
  } catch (error) {
    await process.stop();
    throw error;
  }
};
