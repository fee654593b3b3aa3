import type { Implementation } from '../core/conformance-case.ts';
import type { Exchange } from '../core/finding.ts';
import type { VectorSubject } from '../vectors/vector-subject.ts';
import type { CallAnswer } from './answers.ts';

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

/** An implementation that was started, however it is driven. */
export interface Adapter {
  readonly implementation: Implementation;
  /** Its roles and its optional abilities. */
  readonly capabilities: ReadonlySet<string>;
  readonly subject: VectorSubject;
  readonly call: (command: CallCommand) => Promise<CallAnswer>;
  /** Everything it has written so far that is no answer of a signer. */
  readonly output: () => string;
  /** Shows from now on, masked, each line that it is sent and that it answers; only for one that speaks JSON lines. */
  readonly listen?: (listener: (exchange: Exchange) => void) => void;
  /** Ends it; returns the exit code, 0 for one that has no life of its own. */
  readonly stop: () => Promise<number | null>;
}
