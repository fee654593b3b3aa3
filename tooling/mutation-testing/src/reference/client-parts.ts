import type { IncomingMessage } from 'node:http';
import { INPUT, type InputParts } from './client-input.ts';
import { READING, type ReadingParts } from './client-reading.ts';
import { RETRIES, type RetryParts } from './client-retries.ts';
import { collect, type Outgoing } from './client-transport.ts';
import { SIGNING, type SigningParts } from './signing-parts.ts';

type Texts = Readonly<Record<string, string>>;

/** The steps of a call, each of which a mutant can replace. */
export interface ClientParts extends SigningParts, InputParts, RetryParts, ReadingParts {
  readonly encodeQuery: (args: Texts) => string;
  readonly encodeSegment: (value: unknown) => string;
  /** Whether an id may be sent. */
  readonly isId: (value: unknown) => boolean;
  readonly encodeBody: (args: unknown) => Buffer;
  /** The timestamp of a request, in seconds; `isUsed` tells which seconds would repeat a signature. */
  readonly stamp: (now: number, isUsed: (timestamp: number) => boolean, method?: string) => number;
  /** Seconds by which a timestamp may run ahead before the client waits. */
  readonly maxAhead: number;
  /** Applied after signing, before sending. */
  readonly beforeSend: (request: Outgoing, secret: string) => Outgoing;
  readonly receive: (response: IncomingMessage, maxBytes: number) => Promise<Buffer | undefined>;
  /** How long to wait without a byte, in milliseconds; `undefined`: for ever. */
  readonly timeout: (milliseconds: number) => number | undefined;
  readonly followsRedirects: boolean;
  /** Writes a log. */
  readonly log: (secret: string, signature: string) => void;
  /** Runs at the command `stop`. */
  readonly end: () => void;
}

/** A small, correct client. */
export const CLIENT: ClientParts = {
  ...SIGNING,
  ...INPUT,
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
  maxAhead: 30,
  beforeSend: (request) => request,
  receive: collect,
  timeout: (milliseconds) => milliseconds,
  followsRedirects: false,
  log: () => undefined,
  end: () => process.exit(0),
};
