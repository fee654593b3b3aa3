import type { Checker } from './checker.ts';
import type { Layer } from './record.ts';

/** One case: a stable id, its requirement, and how to check it. */
export interface ConformanceCase<Context> {
  /** Kebab-case, stable, never reused; begins with the layer's prefix. */
  readonly id: string;
  readonly group: string;
  /** One sentence; may change. */
  readonly description: string;
  /** The section of the wire protocol, e.g. `§1.2`. */
  readonly spec: string;
  /** `SHOULD`: a failure is a warning. @default 'MUST' */
  readonly level?: 'MUST' | 'SHOULD';
  /** Capabilities without which the case is not applicable. */
  readonly needs?: readonly string[];
  /** Runs last, whenever any other case of its suite does, whatever `--run` says. @default false */
  readonly always?: boolean;
  /** @default 10_000 */
  readonly timeoutMs?: number;
  readonly run: (context: Context) => Promise<void>;
}

/** The implementation that is judged, as it described itself. */
export interface Implementation {
  readonly name: string;
  readonly language?: string;
  readonly version?: string;
  /** Notes for the report, e.g. `clock: movable`. */
  readonly notes?: readonly string[];
}

/** A started implementation. */
export interface Session<Context> {
  readonly implementation: Implementation;
  readonly capabilities: ReadonlySet<string>;
  /** Called before each case, and not part of its time. A rejection is the outcome of the case. */
  readonly prepare?: () => Promise<void>;
  /** Called after a case without a complete response: why the implementation has ended; `undefined` if not. */
  readonly findEnd?: () => Promise<string | undefined>;
  /** Creates the context of a case. */
  readonly context: (check: Checker, id: string) => Context;
  readonly close: () => Promise<void>;
}

/** The cases of one layer, and how to start the implementation. */
export interface Suite<Context> {
  readonly layer: Layer;
  /** The name of the implementation until it has started. */
  readonly label: string;
  readonly cases: readonly ConformanceCase<Context>[];
  /** Its capabilities, where they are known before it starts. */
  readonly capabilities?: ReadonlySet<string>;
  readonly open: () => Promise<Session<Context>>;
}
