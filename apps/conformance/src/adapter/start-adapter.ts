import type { Adapter } from './adapter.ts';
import { startJsonLinesAdapter } from './json-lines-adapter.ts';
import { ONE_SHOT_CAPABILITIES, oneShotAdapter } from './one-shot-adapter.ts';

/** How an implementation is started. */
export interface AdapterCommand {
  readonly commandLine: string;
  /** One process a command, spoken to through the environment, instead of JSON lines. */
  readonly isOneShot: boolean;
}

export const startAdapter = async ({ commandLine, isOneShot }: AdapterCommand): Promise<Adapter> =>
  isOneShot ? oneShotAdapter(commandLine) : startJsonLinesAdapter(commandLine);

/** What is known of an adapter before it is started: one that speaks JSON lines says itself what it can do. */
export const knownCapabilities = ({
  isOneShot,
}: AdapterCommand): { readonly capabilities?: ReadonlySet<string> } =>
  isOneShot ? { capabilities: ONE_SHOT_CAPABILITIES } : {};
