import { readLines } from '@cpg/test-support/processes';
import { call } from './call.ts';
import { hello, signCommand, verifyCommand, verifyWebhookCommand } from './commands.ts';

/**
 * The conformance adapter of this client: commands as JSON lines on standard input, answers on standard output.
 * `node conformance/adapter.ts`, on a Node.js that runs TypeScript, after a build.
 */

type Command = Readonly<Record<string, unknown>> & { readonly cmd: string; readonly id: string };

const commands: Readonly<Record<string, (command: never) => object | Promise<object>>> = {
  hello,
  sign: signCommand,
  verify: verifyCommand,
  'verify-webhook': verifyWebhookCommand,
  call,
  stop: () => ({}),
};

const answer = async (command: Command): Promise<object> => {
  const run = commands[command.cmd];
  if (run === undefined) return { error: `Unknown command ${command.cmd}.` };
  try {
    return await run(command as never);
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'The adapter failed.' };
  }
};

const respond = async (line: string): Promise<void> => {
  const command = JSON.parse(line) as Command;
  const text = JSON.stringify({ id: command.id, ...(await answer(command)) });
  process.stdout.write(`${text}\n`, () => {
    if (command.cmd === 'stop') process.exit(0);
  });
};

// Commands are answered side by side, in any order.
for await (const line of readLines(process.stdin)) void respond(line);
