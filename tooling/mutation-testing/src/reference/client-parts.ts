import type { IncomingMessage } from 'node:http';
import { READING, type ReadingParts } from './client-reading.ts';
import { REFUSALS, type RefusalParts } from './client-refusals.ts';
import { RETRIES, type RetryParts } from './client-retries.ts';
import { collect, type Outgoing } from './client-transport.ts';
import { SIGNING, type SigningParts } from './signing-parts.ts';

type Texts = Readonly<Record<string, string>>;

/** The steps of a call, each replaceable by a broken one. */
export interface ClientParts extends SigningParts, RefusalParts, RetryParts, ReadingParts {
  readonly encodeQuery: (args: Texts) => string;
  readonly encodeSegment: (value: unknown) => string;
  /** The only ids that are sent. */
  readonly isId: (value: unknown) => boolean;
  readonly encodeBody: (args: unknown) => Buffer;
  /** Seconds to stamp the request with; `isUsed` says which seconds would repeat a signature. */
  readonly stamp: (now: number, isUsed: (timestamp: number) => boolean) => number;
  /** Seconds that a timestamp may run ahead before the client waits. */
  readonly mostAhead: number;
  /** Last change before the bytes go out, after signing. */
  readonly beforeSend: (request: Outgoing, secret: string) => Outgoing;
  readonly receive: (response: IncomingMessage, mostBytes: number) => Promise<Buffer | undefined>;
  readonly followsRedirects: boolean;
  /** Whatever it writes beside its answers. */
  readonly log: (secret: string, signature: string) => void;
  /** What it does when it was told to stop. */
  readonly end: () => void;
}

/** A small, correct client. */
export const CLIENT: ClientParts = {
  ...SIGNING,
  ...REFUSALS,
  ...RETRIES,
  ...READING,
  encodeQuery: (args) =>
    Object.entries(args)
      .map((pair) => pair.map(encodeURIComponent).join('='))
      .join('&'),
  encodeSegment: (value) => encodeURIComponent(String(value)),
  isId: (value) => /^[1-9][0-9]{0,18}$/.test(String(value)),
  encodeBody: (args) => Buffer.from(JSON.stringify(args)),
  stamp: (now, isUsed) => {
    let timestamp = now;
    while (isUsed(timestamp)) timestamp++;
    return timestamp;
  },
  mostAhead: 30,
  beforeSend: (request) => request,
  receive: collect,
  followsRedirects: false,
  log: () => undefined,
  end: () => process.exit(0),
};
