import type { Exchange } from '../core/checker.ts';
import type { HeaderPair } from '../core/probes/index.ts';
import type { Implementation } from '../core/suite.ts';
import type { AdapterOutput } from './adapter-output.ts';
import { startJsonLinesAdapter } from './json-lines-adapter.ts';
import { ONE_SHOT_CAPABILITIES, oneShotAdapter } from './one-shot-adapter.ts';
import type { CallResult } from './responses.ts';

/** A request to sign, or to verify, outside any transport. */
export interface UnsentRequest {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

export interface SignCommand extends UnsentRequest {
  readonly keyId: string;
  readonly secret: Buffer;
}

/** What a signer made; the stages before the signature only when it can tell them. */
export interface Signing {
  /** Why it refused to sign; there are no headers then. */
  readonly refused?: string | undefined;
  readonly headers: readonly HeaderPair[];
  readonly path?: string | undefined;
  readonly query?: string | undefined;
  readonly bodySha256?: string | undefined;
  readonly canonical?: Buffer | undefined;
}

export interface VerifyCommand extends UnsentRequest {
  readonly headers: readonly HeaderPair[];
  readonly keys: readonly { readonly keyId: string; readonly secret: Buffer }[];
}

export interface Verification {
  readonly accepted: boolean;
  readonly status?: number | undefined;
  readonly message?: string | undefined;
}

export interface WebhookCommand {
  readonly now: number;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer;
  readonly secret: Buffer;
}

/** What layer 1 judges: a signer, a verifier and a receiver of webhooks, without any I/O of their own. */
export interface VectorSubject {
  readonly sign: (command: SignCommand) => Promise<Signing>;
  readonly verify: (command: VerifyCommand) => Promise<Verification>;
  readonly verifyWebhook: (command: WebhookCommand) => Promise<Verification>;
}

/** One call that a client under test is told to make. */
export interface CallCommand {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly secret: Buffer;
  readonly operation: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Unix seconds of the client's clock, for an adapter whose clock can be moved. */
  readonly now?: number | undefined;
}

/** How an adapter ended. */
export interface AdapterEnd {
  /** `null` for one that a signal ended. */
  readonly exitCode: number | null;
  /** Whether it ended by itself, soon after it was told to. */
  readonly isInTime: boolean;
  /** Why it had ended, or had to be ended, before it was told to. */
  readonly failure?: string | undefined;
}

/** An implementation that was started, however it is driven. */
export interface Adapter {
  readonly implementation: Implementation;
  /** Its roles and its optional abilities. */
  readonly capabilities: ReadonlySet<string>;
  readonly subject: VectorSubject;
  readonly call: (command: CallCommand) => Promise<CallResult>;
  /** Everything it has written so far. Throws when nothing could be run that writes. */
  readonly output: () => AdapterOutput;
  /** Says that from now on this case is tried. */
  readonly begin: (caseId: string) => void;
  /** Shows from now on, masked, each line that it is sent and that it answers; only for one that speaks JSON lines. */
  readonly listen?: (listener: (exchange: Exchange) => void) => void;
  /** Ends it, once; says how it ended however often it is asked. */
  readonly stop: () => Promise<AdapterEnd>;
}

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
