import { readLines } from '@cpg/test-support/processes';
import { call } from './call.ts';
import { hello, signCommand, verifyCommand, verifyWebhookCommand } from './commands.ts';

/**
 * The conformance adapter of this client: reads commands as JSON lines from standard input and writes
 * responses to standard output. `node conformance/adapter.ts`, on a Node.js that runs TypeScript, after a
 * build.
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

const run = async (command: Command): Promise<object> => {
  const handler = commands[command.cmd];
  if (handler === undefined) return { error: `Unknown command ${command.cmd}.` };
  try {
    return await handler(command as never);
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'The adapter failed.' };
  }
};

const respond = async (line: string): Promise<void> => {
  const command = JSON.parse(line) as Command;
  const text = JSON.stringify({ id: command.id, ...(await run(command)) });
  process.stdout.write(`${text}\n`, () => {
    if (command.cmd === 'stop') process.exit(0);
  });
};

// Commands run concurrently and may finish in any order.
for await (const line of readLines(process.stdin)) void respond(line);
