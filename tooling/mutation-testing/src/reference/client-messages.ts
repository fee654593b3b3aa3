import type { IncomingHttpHeaders } from 'node:http';

/** A request, finished to the last byte. */
export interface Outgoing {
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

/** A whole answer, before anything is made of its bytes. */
export interface Incoming {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** How a call ended, as the adapter protocol has it. */
export interface CallResult {
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: { readonly kind: string; readonly status?: number | undefined; readonly message: string };
}

export const failure = (kind: string, message: string, status?: number): CallResult => ({
  ok: false,
  error: { kind, message, ...(status === undefined ? {} : { status }) },
});
