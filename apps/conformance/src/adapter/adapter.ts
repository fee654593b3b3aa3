import type { Exchange } from '../core/checker.ts';
import type { HeaderPair } from '../core/probes/index.ts';
import type { Implementation } from '../core/suite.ts';
import type { AdapterOutput } from './adapter-output.ts';
import { startJsonLinesAdapter } from './json-lines-adapter.ts';
import { ONE_SHOT_CAPABILITIES, oneShotAdapter } from './one-shot-adapter.ts';
import type { CallResult } from './responses.ts';

/** A request to sign, or to verify, outside any transport. */
interface UnsentRequest {
  readonly now: number;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

export interface SignCommand extends UnsentRequest {
  readonly keyId: string;
  readonly secret: Buffer;
}

/** The result of a signer; the stages before the signature only when it reports them. */
export interface Signing {
  /** Why the request was rejected instead of signed; then there are no headers. */
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

/** The subject of layer 1: a signer, a verifier and a webhook receiver, without I/O. */
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
  /** How long the client waits for a response, for an adapter that can set it. */
  readonly timeoutMs?: number | undefined;
}

/** How an adapter ended. */
export interface AdapterEnd {
  /** `null` for one that a signal ended. */
  readonly exitCode: number | null;
  /** Whether it exited by itself soon after `stop`. */
  readonly isInTime: boolean;
  /** Why it ended, or was killed, before `stop`. */
  readonly failure?: string | undefined;
}

/** A started implementation of either protocol. */
export interface Adapter {
  readonly implementation: Implementation;
  /** Its roles and optional capabilities. */
  readonly capabilities: ReadonlySet<string>;
  readonly subject: VectorSubject;
  readonly call: (command: CallCommand) => Promise<CallResult>;
  /** Everything it has written so far. Throws when it could not be started. */
  readonly output: () => AdapterOutput;
  /** Called before each case: starts it again after it has ended. */
  readonly prepare?: () => Promise<void>;
  /** Marks the start of a case. */
  readonly begin: (caseId: string) => void;
  /**
   * Calls the listener with each line sent and received from now on, masked. Only for JSON lines adapters.
   */
  readonly listen?: (listener: (exchange: Exchange) => void) => void;
  /** Stops it. Later calls return the same result. */
  readonly stop: () => Promise<AdapterEnd>;
}

/** How an implementation is started. */
export interface AdapterCommand {
  readonly commandLine: string;
  /** Start a process for each command, with its input in the environment, instead of JSON lines. */
  readonly isOneShot: boolean;
}

export const startAdapter = async ({ commandLine, isOneShot }: AdapterCommand): Promise<Adapter> =>
  isOneShot ? oneShotAdapter(commandLine) : startJsonLinesAdapter(commandLine);

/** The capabilities that are known before the start: a JSON lines adapter reports its own. */
export const knownCapabilities = ({
  isOneShot,
}: AdapterCommand): { readonly capabilities?: ReadonlySet<string> } =>
  isOneShot ? { capabilities: ONE_SHOT_CAPABILITIES } : {};
