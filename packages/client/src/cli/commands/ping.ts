import type { Command } from 'commander';
import { type CommandContext, withClient } from '../context.ts';

/** `cpg ping` */
export const addPing = (program: Command, context: CommandContext): void => {
  program
    .command('ping')
    .description('check that key, secret and clock are right')
    .action(() =>
      withClient(context, async (client) => {
        const { response } = await client.ping().withResponse();
        const offset = client.clockOffsetMs / 1000;
        const clock =
          offset === 0
            ? ''
            : ` The gateway's clock is ${Math.abs(offset)} s ${offset > 0 ? 'ahead' : 'behind'}.`;
        context.terminal.print(
          `pong (${response.attempts === 1 ? '1 attempt' : `${response.attempts} attempts`}).${clock}`,
        );
      }),
    );
};
