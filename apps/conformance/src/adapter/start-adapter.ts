import type { Adapter } from './adapter.ts';
import { startJsonLinesAdapter } from './json-lines-adapter.ts';
import { oneShotAdapter } from './one-shot-adapter.ts';

/** How an implementation is started. */
export interface AdapterCommand {
  readonly commandLine: string;
  /** One process a command, spoken to through the environment, instead of JSON lines. */
  readonly isOneShot: boolean;
}

export const startAdapter = async ({ commandLine, isOneShot }: AdapterCommand): Promise<Adapter> =>
  isOneShot ? oneShotAdapter(commandLine) : startJsonLinesAdapter(commandLine);
