import type { Implementation } from '../core/conformance-case.ts';
import type { Exchange } from '../core/finding.ts';
import type { VectorSubject } from '../vectors/vector-subject.ts';
import type { AdapterOutput } from './adapter-output.ts';
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
  readonly call: (command: CallCommand) => Promise<CallAnswer>;
  /** Everything it has written so far. Throws when nothing could be run that writes. */
  readonly output: () => AdapterOutput;
  /** Says that from now on this case is tried. */
  readonly begin: (caseId: string) => void;
  /** Shows from now on, masked, each line that it is sent and that it answers; only for one that speaks JSON lines. */
  readonly listen?: (listener: (exchange: Exchange) => void) => void;
  /** Ends it, once; says how it ended however often it is asked. */
  readonly stop: () => Promise<AdapterEnd>;
}
