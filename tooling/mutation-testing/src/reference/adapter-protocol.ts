import { readLines } from '@cpg/test-support/processes';

interface Identified {
  readonly cmd: string;
  readonly id: string;
}

/** Handles each command on standard input, without waiting for the one before. */
export const receiveCommands = async <Command extends Identified>(
  handle: (command: Command) => unknown,
): Promise<void> => {
  for await (const line of readLines(process.stdin)) handle(JSON.parse(line) as Command);
};

/** Writes one response to each command on standard input; calls `end` after the response to `stop`. */
export const serveCommands = <Command extends Identified>(
  respond: (command: Command) => object | Promise<object>,
  end: () => void = () => process.exit(0),
): Promise<void> =>
  receiveCommands<Command>(async (command) => {
    const text = JSON.stringify({ id: command.id, ...(await respond(command)) });
    process.stdout.write(`${text}\n`, () => command.cmd === 'stop' && end());
  });
