import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LoggedRequest } from '@cpg/console/api';
import { RESPONSE_CHANNEL, type ResponseEvent } from '@cpg/server-middleware';
import type { RequestHandler } from 'express';

export type { LoggedRequest };

const MAX_REQUESTS = 10_000;
// Of one body, in each direction.
const MAX_BODY_BYTES = 65_536;
// Of all bodies and heads; older requests keep their line in the log.
const MAX_CAPTURED_BYTES = 33_554_432;

/** The bytes of a message, as far as they are kept. */
export interface CapturedBody {
  readonly bytes: Buffer;
  /** The length on the wire; greater than that of `bytes` when those were cut. */
  readonly length: number;
}

/** A request and its response as on the wire. It contains a signature: mask it before it leaves the process. */
export interface CapturedExchange {
  readonly httpVersion: string;
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: CapturedBody;
  readonly responseHeaders: Readonly<Record<string, unknown>>;
  readonly responseBody: CapturedBody;
}

class BodyCapture {
  readonly #chunks: Buffer[] = [];
  #kept = 0;
  #length = 0;

  add(chunk: unknown, encoding?: unknown): void {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, toEncoding(encoding)) : Buffer.from(chunk);
    this.#length += bytes.length;
    const kept = bytes.subarray(0, MAX_BODY_BYTES - this.#kept);
    this.#kept += kept.length;
    if (kept.length > 0) this.#chunks.push(kept);
  }

  read(): CapturedBody {
    return { bytes: Buffer.concat(this.#chunks), length: this.#length };
  }
}

const toEncoding = (encoding: unknown): BufferEncoding =>
  typeof encoding === 'string' && Buffer.isEncoding(encoding) ? encoding : 'utf8';

/** Copies the bytes of a request as the parser adds them to its stream: nothing is read, and none is missed. */
const captureRequestBody = (request: IncomingMessage): BodyCapture => {
  const capture = new BodyCapture();
  const { push } = request;
  request.push = (chunk: unknown, encoding?: BufferEncoding) => {
    capture.add(chunk, encoding);
    return push.call(request, chunk, encoding);
  };
  return capture;
};

const captureResponseBody = (response: ServerResponse): BodyCapture => {
  const capture = new BodyCapture();
  for (const name of ['write', 'end'] as const) {
    const original = response[name] as (...parameters: unknown[]) => unknown;
    const tapped = (...parameters: unknown[]) => {
      capture.add(parameters[0], parameters[1]);
      return original.apply(response, parameters);
    };
    (response as unknown as Record<string, unknown>)[name] = tapped;
  }
  return capture;
};

interface Pending {
  readonly log: RequestLog;
  readonly read: () => CapturedExchange;
}

/** The requests in flight. The channel reports the responses of every server of this process. */
const pending = new Map<unknown, Pending>();

subscribe(RESPONSE_CHANNEL, (message) => {
  const event = message as ResponseEvent;
  const observed = pending.get(event.requestId);
  pending.delete(event.requestId);
  observed?.log.add(event, observed.read());
});

/** The latest requests of one gateway with their responses, oldest first. In memory, and limited in number and bytes. */
export class RequestLog {
  readonly #clock: () => number;
  readonly #onAdded: (request: LoggedRequest) => void;
  #requests: LoggedRequest[] = [];
  #lastId = 0;
  readonly #captured = new Map<number, { readonly exchange: CapturedExchange; readonly size: number }>();
  #capturedBytes = 0;
  /** When each key was last used, and its requests of the last minute, in Unix milliseconds. */
  readonly #uses = new Map<string, number[]>();

  constructor(clock: () => number, onAdded: (request: LoggedRequest) => void = () => undefined) {
    this.#clock = clock;
    this.#onAdded = onAdded;
  }

  /** The id of the latest request; 0 before the first. */
  get lastId(): number {
    return this.#lastId;
  }

  /** The remembered requests with greater ids. */
  after(id: number): readonly LoggedRequest[] {
    const first = this.#requests[0]?.id ?? 0;
    return this.#requests.slice(Math.max(0, id + 1 - first));
  }

  find(id: number): LoggedRequest | undefined {
    return this.after(id - 1).find((request) => request.id === id);
  }

  /** The bytes of a request; `undefined` when they are not kept any more. */
  findExchange(id: number): CapturedExchange | undefined {
    return this.#captured.get(id)?.exchange;
  }

  /** When a key was last used, and how often in the last minute. */
  getUse(keyId: string): { readonly lastUsedAt: number | null; readonly lastMinute: number } {
    const uses = this.#uses.get(keyId) ?? [];
    const since = this.#clock() - MINUTE_MS;
    return { lastUsedAt: uses.at(-1) ?? null, lastMinute: uses.filter((at) => at > since).length };
  }

  /** Observes the requests that pass through, by the id that the request log gave them. */
  readonly observe: RequestHandler = (request, response, next) => {
    const body = captureRequestBody(request);
    const responseBody = captureResponseBody(response);
    const { method, originalUrl: target, rawHeaders, httpVersion } = request;
    const read = () => ({
      ...{ httpVersion, method, target, rawHeaders, body: body.read() },
      responseHeaders: response.getHeaders(),
      responseBody: responseBody.read(),
    });
    pending.set(request.id, { log: this, read });
    next();
  };

  /** Records one response. */
  add(event: ResponseEvent, exchange: CapturedExchange): void {
    const { method, path, status, outcome, keyId, ms, route, rejectedBy, errorCode, passed, clientIp } =
      event;
    this.#lastId += 1;
    const now = this.#clock();
    const request: LoggedRequest = {
      ...{ id: this.#lastId, at: new Date(now).toISOString(), method, path, outcome, ms },
      ...{ status: status ?? null, key_id: keyId ?? null, route: route ?? null, client_ip: clientIp ?? null },
      ...{ rejected_by: rejectedBy ?? null, error_code: errorCode ?? null, passed: [...passed] },
      authentication_ms: event.authenticationMs ?? null,
    };
    this.#requests.push(request);
    // Rarely, since it copies the array.
    if (this.#requests.length > MAX_REQUESTS * 1.1) this.#requests = this.#requests.slice(-MAX_REQUESTS);
    this.#capture(request.id, exchange);
    // A request with a wrong signature may be of anyone, and does not count towards the limit.
    const isSigned = passed.some(({ check }) => check === 'signature');
    if (keyId !== undefined && isSigned) this.#count(keyId, now);
    this.#onAdded(request);
  }

  #capture(id: number, exchange: CapturedExchange): void {
    const { rawHeaders, target, body, responseBody } = exchange;
    const head = rawHeaders.reduce((sum, text) => sum + text.length, target.length);
    const size = head + body.bytes.length + responseBody.bytes.length + 1_000;
    this.#captured.set(id, { exchange, size });
    this.#capturedBytes += size;
    for (const [oldest, { size: freed }] of this.#captured) {
      if (this.#capturedBytes <= MAX_CAPTURED_BYTES && this.#captured.size <= MAX_REQUESTS) return;
      this.#captured.delete(oldest);
      this.#capturedBytes -= freed;
    }
  }

  #count(keyId: string, now: number): void {
    const uses = this.#uses.get(keyId) ?? [];
    uses.push(now);
    this.#uses.set(keyId, uses.length > MAX_USES ? uses.slice(-MAX_USES / 2) : uses);
  }
}

const MINUTE_MS = 60_000;
// More than the greatest number that the console shows exactly.
const MAX_USES = 20_000;
