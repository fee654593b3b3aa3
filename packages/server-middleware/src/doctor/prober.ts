import { randomBytes } from 'node:crypto';
import {
  createSigningKey,
  REJECTIONS,
  type RejectionCode,
  type SigningKey,
  signRequest,
} from '@cpg/protocol';
import { Connection, isResponse, type NoResponse, type Origin, type RawResponse } from './connection.ts';
import type { DoctorFinding } from './finding.ts';

/** A signed request. What is sent can differ from what was signed, in the way that is examined. */
export interface Probe {
  /** @default "GET" */
  readonly method?: string;
  /** Sent; and signed, unless `signedTarget` is given. */
  readonly target: string;
  readonly signedTarget?: string;
  /** Unix seconds. @default now */
  readonly timestamp?: number;
  readonly body?: Uint8Array;
  /** Sent in place of the body, in chunks or more slowly; the body is what is signed. */
  readonly sentBody?: Uint8Array;
  /** @default "1.1" */
  readonly httpVersion?: '1.0' | '1.1';
  /** Replaces header lines by their names after signing; `undefined` leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Further header lines, as they are. */
  readonly addedHeaders?: readonly HeaderLine[];
}

type HeaderLine = readonly [name: string, value: string];

/**
 * What the service decided, as far as the response shows: `authenticated` for everything after the admission, the code of a
 * rejection before it, `foreign` for a response in another format, which a proxy or another program sent, and `none` without
 * a response.
 */
export type Verdict = 'authenticated' | 'foreign' | 'none' | RejectionCode;

export interface ProbeResult {
  readonly verdict: Verdict;
  /** 0 without a response. */
  readonly status: number;
  readonly headers: RawResponse['headers'];
  readonly body: Buffer;
  /** For reports: `got 401 "Invalid signature"`. Contains nothing secret. */
  readonly detail: string;
}

export interface ProberOptions {
  readonly origin: Origin;
  /** The value of the header Host. */
  readonly host: string;
  readonly keyId: string;
  readonly secret: string;
  /** Milliseconds to wait for each response. */
  readonly timeoutMs: number;
  /** When to stop waiting for any response, on the clock of `performance.now()`. @default never */
  readonly deadline?: number;
}

/** Whether the service accepted the signature; that it was used before is another finding. */
export const hasArrived = ({ verdict }: ProbeResult): boolean =>
  verdict === 'authenticated' || verdict === 'signature_already_used';

const NO_BODY = new Uint8Array(0);

/** Sends signed requests to one origin. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #key: SigningKey;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#key = createSigningKey(options.secret);
  }

  /** Sends a request on a connection of its own. */
  async send(probe: Probe): Promise<ProbeResult> {
    const connection = this.connect();
    try {
      return await this.exchange(connection, probe);
    } finally {
      connection.close();
    }
  }

  connect(): Connection {
    return new Connection(this.#options.origin);
  }

  /** Sends a request on a connection, and reads its final response. */
  async exchange(connection: Connection, probe: Probe): Promise<ProbeResult> {
    const { method = 'GET', body = NO_BODY, sentBody = body } = probe;
    connection.write(this.#formatHead(probe));
    const isExpecting = probe.headers?.Expect !== undefined;
    if (!isExpecting) connection.write(sentBody);
    while (true) {
      const result = await connection.read(this.#getTimeoutMs(), method !== 'HEAD');
      if (!isResponse(result) || result.status >= 200) return judge(result);
      if (isExpecting) connection.write(sentBody);
    }
  }

  #getTimeoutMs(): number {
    const { timeoutMs, deadline = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(1, Math.min(timeoutMs, Math.ceil(deadline - performance.now())));
  }

  /** The request line and the headers. */
  #formatHead(probe: Probe): string {
    const { keyId, host } = this.#options;
    const { method = 'GET', target, signedTarget = target, body, httpVersion = '1.1' } = probe;
    const { timestamp = getNow(), addedHeaders = [] } = probe;
    const signed = signRequest({ keyId, key: this.#key, method, target: signedTarget, timestamp, body });
    const framing = body && { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
    const headers = { Host: host, ...framing, ...signed.headers, ...probe.headers };
    const lines = [...Object.entries(headers), ...addedHeaders].flatMap(([name, value]) =>
      value === undefined ? [] : `${name}: ${value}`,
    );
    return `${method} ${target} HTTP/${httpVersion}\r\n${lines.join('\r\n')}\r\n\r\n`;
  }
}

/** What a check examines. */
export interface Examined {
  readonly url: URL;
  /** A target whose GET handler has no side effects, with the path of the URL in front. */
  readonly target: string;
  readonly prober: Prober;
}

/** The path of a target up to its last slash, as `/v1/`. */
export const getFolder = (target: string): string => target.replace(/[^/]*(?:\?.*)?$/, '');

export type UrlCheck = (examined: Examined) => Promise<readonly DoctorFinding[]>;

/** Unix seconds. */
export const getNow = (): number => Math.floor(Date.now() / 1000);

/** Adds a random query parameter, which servers ignore, so that no other request has the same signature. */
export const makeUnique = (target: string): string =>
  `${target}${target.includes('?') ? '&' : '?'}_=${randomBytes(6).toString('hex')}`;

/** The rejections of the checks up to the admission (wire protocol §2.1), and failures of the service itself. */
const NOT_ADMITTED: ReadonlySet<RejectionCode> = new Set([
  'malformed_request_target',
  'missing_authentication_headers',
  'malformed_authentication_headers',
  'timestamp_outside_window',
  'invalid_signature',
  'signature_already_used',
  'source_ip_not_whitelisted',
  'incomplete_body',
  'body_too_large',
  'content_encoding_not_supported',
  'rate_limit_exceeded',
  'too_many_requests_from_ip',
  'internal_server_error',
  'service_unavailable',
]);

const judge = (result: RawResponse | NoResponse): ProbeResult => {
  if (!isResponse(result)) {
    return { verdict: 'none', status: 0, headers: {}, body: Buffer.alloc(0), detail: result.detail };
  }
  const { status, body } = result;
  if (status < 300) return { ...result, verdict: 'authenticated', detail: `got ${status}` };
  const message = parseErrorMessage(body);
  if (message === undefined) {
    return { ...result, verdict: 'foreign', detail: `got ${status}, which is not a response of the service` };
  }
  const rejection = Object.values(REJECTIONS).find(
    (known) => known.status === status && known.message === message,
  );
  const isAdmitted = rejection === undefined || !NOT_ADMITTED.has(rejection.code);
  const verdict = isAdmitted ? 'authenticated' : rejection.code;
  return { ...result, verdict, detail: `got ${status} ${JSON.stringify(makeHarmless(message))}` };
};

/** The message of the error envelope, wire protocol §3. */
const parseErrorMessage = (body: Buffer): string | undefined => {
  try {
    const { success, message } = JSON.parse(body.toString('utf8'));
    return success === false && typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
};

const MAX_SHOWN = 100;

/** Text of a server for the terminal: printable, short, and without what may be a signature. */
export const makeHarmless = (text: string): string =>
  text
    .slice(0, MAX_SHOWN)
    .replaceAll(/[^\x20-\x7e]/g, '?')
    .replaceAll(/[0-9a-f]{32,}/gi, '…');
