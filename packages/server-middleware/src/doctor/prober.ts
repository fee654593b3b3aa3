import { randomBytes } from 'node:crypto';
import {
  createSigningKey,
  REJECTIONS,
  type RejectionCode,
  type SigningKey,
  signRequest,
} from '@cpg/protocol';
import { Connection, isResponse, type NoResponse, type Origin, type RawResponse } from './connection.ts';

/** A signed request. What is sent can differ from what was signed, in the way that is examined. */
export interface Probe {
  /** @default "GET" */
  readonly method?: string;
  /** Sent; and signed unless `signedTarget` is given. */
  readonly target: string;
  readonly signedTarget?: string;
  /** Unix seconds. @default now */
  readonly timestamp?: number;
  readonly body?: Uint8Array;
  /** @default "1.1" */
  readonly httpVersion?: '1.0' | '1.1';
  /** Further header lines, as they are; a name with the value `undefined` leaves out the line that is usually sent. */
  readonly headers?: readonly (readonly [name: string, value: string | undefined])[];
  /** Replaces the signature. */
  readonly signature?: string;
}

/**
 * What the service decided, as far as the response shows: `authenticated` for everything after the admission, a code for a
 * rejection, `foreign` for a response in another format, which a proxy or another program sent.
 */
export type Verdict = 'authenticated' | 'foreign' | 'none' | RejectionCode;

export interface ProbeResult {
  readonly verdict: Verdict;
  /** Missing without a response. */
  readonly response?: RawResponse;
  /** For reports: `got 401 "Invalid signature"`. Contains nothing secret. */
  readonly detail: string;
}

export interface ProberOptions {
  readonly origin: Origin;
  /** The value of the header Host. */
  readonly host: string;
  readonly keyId: string;
  readonly secret: string;
  readonly timeoutMs: number;
}

/** Sends signed requests to one origin. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #key: SigningKey;
  #sent = 0;

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#key = createSigningKey(options.secret);
  }

  /** How many requests were sent. */
  get sent(): number {
    return this.#sent;
  }

  get now(): number {
    return Math.floor(Date.now() / 1000);
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

  /** Sends a request on a connection, and reads the final response. */
  async exchange(connection: Connection, probe: Probe): Promise<ProbeResult> {
    this.#sent += 1;
    connection.write(this.#formatHead(probe));
    if (probe.body !== undefined) connection.write(probe.body);
    while (true) {
      const result = await connection.read(this.#options.timeoutMs, probe.method !== 'HEAD');
      if (!isResponse(result) || result.status >= 200) return judge(result);
    }
  }

  /** The request line and the headers. */
  #formatHead(probe: Probe): string {
    const { keyId, host } = this.#options;
    const {
      method = 'GET',
      target,
      signedTarget = target,
      timestamp = this.now,
      body,
      httpVersion = '1.1',
    } = probe;
    const signed = signRequest({ keyId, key: this.#key, method, target: signedTarget, timestamp, body });
    const usual: [string, string][] = [
      ['Host', host],
      ...(body === undefined
        ? []
        : ([
            ['Content-Type', 'application/json'],
            ['Content-Length', String(body.length)],
          ] as [string, string][])),
      ...Object.entries({
        ...signed.headers,
        ...(probe.signature === undefined ? {} : { 'X-CPG-Signature': probe.signature }),
      }),
    ];
    const given = probe.headers ?? [];
    const isLeftOut = (name: string) =>
      given.some(([other, value]) => value === undefined && other.toLowerCase() === name.toLowerCase());
    const lines = [
      ...usual.filter(([name]) => !isLeftOut(name)),
      ...given.filter(([, value]) => value !== undefined),
    ];
    return [
      `${method} ${target} HTTP/${httpVersion}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
      '',
      '',
    ].join('\r\n');
  }
}

/** Adds a random query parameter, which servers ignore, so that no other request has the same signature. */
export const makeUnique = (target: string): string =>
  `${target}${target.includes('?') ? '&' : '?'}_=${randomBytes(6).toString('hex')}`;

/** The checks of wire protocol §2.1 up to the admission: a request with another result has passed them all. */
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
  if (!isResponse(result)) return { verdict: 'none', detail: result.detail };
  const { status, body } = result;
  const envelope = parseEnvelope(body);
  const detail =
    envelope?.message === undefined
      ? `got ${status}, which is not a response of the service`
      : `got ${status} ${JSON.stringify(envelope.message.slice(0, MAX_MESSAGE))}`;
  if (status < 300) return { verdict: 'authenticated', response: result, detail: `got ${status}` };
  if (envelope === undefined) return { verdict: 'foreign', response: result, detail };
  const rejection = Object.values(REJECTIONS).find(
    (known) => known.status === status && known.message === envelope.message,
  );
  const isAdmitted = rejection === undefined || !NOT_ADMITTED.has(rejection.code);
  return { verdict: isAdmitted ? 'authenticated' : rejection.code, response: result, detail };
};

const MAX_MESSAGE = 100;

/** The error envelope, wire protocol §3. */
const parseEnvelope = (body: Buffer): { readonly message: string } | undefined => {
  try {
    const { success, message } = JSON.parse(body.toString('utf8'));
    return success === false && typeof message === 'string' ? { message } : undefined;
  } catch {
    return undefined;
  }
};
