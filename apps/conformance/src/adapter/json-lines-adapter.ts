import type { Adapter } from './adapter.ts';
import { AdapterProcess } from './adapter-process.ts';
import { adapterSubject } from './adapter-subject.ts';
import { callAnswer, helloAnswer, readAnswer } from './answers.ts';
import { maskLine } from './mask-line.ts';

const CALL_TIMEOUT_MS = 30_000;

/** Starts an adapter that speaks JSON lines and lets it introduce itself; ends it again when it does not. */
export const startJsonLinesAdapter = async (commandLine: string): Promise<Adapter> => {
  const process = new AdapterProcess(commandLine);
  try {
    const { name, language, version, roles, caps } = readAnswer(helloAnswer, await process.hello());
    return {
      implementation: {
        name,
        ...(language === undefined ? {} : { language }),
        ...(version === undefined ? {} : { version }),
        notes: caps.length === 0 ? [] : [`can: ${caps.join(', ')}`],
      },
      // Whoever speaks JSON lines lives on between calls, and can say what kind of error one met.
      capabilities: new Set([...roles, ...caps, 'memory', 'errors']),
      subject: adapterSubject(process),
      call: async ({ secret, now, ...command }) => {
        const fields = {
          ...command,
          secretB64: secret.toString('base64'),
          ...(now === undefined ? {} : { now }),
        };
        return readAnswer(callAnswer, await process.ask('call', fields, CALL_TIMEOUT_MS));
      },
      output: () => process.output,
      begin: (caseId) => process.output.begin(caseId),
      listen: (listener) => {
        process.onLine = ({ sent, received }) =>
          listener({ sent: maskLine(sent), received: maskLine(received) });
      },
      stop: () => process.stop(),
    };
  } catch (error) {
    await process.stop();
    throw error;
  }
};
