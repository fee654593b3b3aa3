import type { Plan } from '../core/run.ts';
import { serverSuite } from '../server/server-suite.ts';
import { readKeys } from './read-inputs.ts';
import { serverUrl } from './server-url.ts';

export interface ServerOptions {
  readonly url: string;
  readonly keys: string;
  readonly clockUrl?: string;
}

/** How the options of a server are described, wherever they are accepted. */
export const SERVER_OPTIONS = Object.freeze({
  url: ['--url <url>', 'where the server listens: http://host:port'],
  keys: ['--keys <file>', 'JSON file of the keys that it knows, by role'],
  clockUrl: ['--clock-url <url>', 'its movable clock, for the cases that need one'],
} as const);

/** Plans layer 3 from its options. Throws a `UsageError` for those that cannot be used. */
export const planServer = (plan: Plan, { url, keys, clockUrl }: ServerOptions): void =>
  plan.add(serverSuite({ url: serverUrl(url), keys: readKeys(keys), clockUrl }, plan));
