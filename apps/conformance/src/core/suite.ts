import type { Checker } from './checker.ts';
import type { Layer } from './record.ts';

/** One case: a stable id, what it asks for, and how it is tried. */
export interface ConformanceCase<Context> {
  /** Kebab-case, stable, never reused; begins with the layer's prefix. */
  readonly id: string;
  readonly group: string;
  /** One sentence in the words of the contract; may change. */
  readonly description: string;
  /** The section of the contract, e.g. `§1.2`. */
  readonly spec: string;
  /** `SHOULD`: a departure warns instead of failing. @default 'MUST' */
  readonly level?: 'MUST' | 'SHOULD';
  /** What the implementation must be able to do; otherwise the case is not applicable. */
  readonly needs?: readonly string[];
  /** Planned whenever any other case of its suite is, whatever `--run` says; it comes last. @default false */
  readonly always?: boolean;
  /** @default 10_000 */
  readonly timeoutMs?: number;
  readonly run: (context: Context) => Promise<void>;
}

/** What is being judged, as it introduced itself. */
export interface Implementation {
  readonly name: string;
  readonly language?: string;
  readonly version?: string;
  /** Anything the reader of a report should know, e.g. `clock: movable`. */
  readonly notes?: readonly string[];
}

/** A started implementation. */
export interface Session<Context> {
  readonly implementation: Implementation;
  readonly capabilities: ReadonlySet<string>;
  /** Makes what one case, by its id, works with. */
  readonly context: (check: Checker, id: string) => Context;
  readonly close: () => Promise<void>;
}

/** The cases of one layer and how to start the implementation they are tried on. */
export interface Suite<Context> {
  readonly layer: Layer;
  /** Names the implementation until it introduces itself. */
  readonly label: string;
  readonly cases: readonly ConformanceCase<Context>[];
  /** What it can do, where that is known before it is started. */
  readonly capabilities?: ReadonlySet<string>;
  readonly open: () => Promise<Session<Context>>;
}
