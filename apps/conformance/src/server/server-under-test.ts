import { randomBytes, randomInt } from 'node:crypto';
import { KEY_HEADER, SIGNATURE_HEADER } from '@cpg/protocol';
import { pause } from '../core/case-scope.ts';
import { type Checker, ImplementationFailure, NotApplicable, NoVerdict } from '../core/checker.ts';
import { assemble, type Basis, type CraftedRequest, type Recipe } from '../core/probes/index.ts';
import { REJECTIONS } from '../core/rejections.ts';
import type { RunSettings } from '../core/run-settings.ts';
import type { ConformanceCase } from '../core/suite.ts';
import { type Address, Connection, NoResponse, type RawResponse } from '../wire/connection.ts';
import { type EncodedRequest, type Encoding, encodeRequest } from './encode-request.ts';
import { parseServerResponse, type ServerResponse } from './server-response.ts';
import type { SandboxClock, SandboxStore } from './test-hooks.ts';
import type { Role, TestKey, TestKeys } from './test-keys.ts';

export interface ServerTarget {
  readonly address: Address;
  readonly keys: TestKeys;
  readonly clock?: SandboxClock | undefined;
  readonly store?: SandboxStore | undefined;
  /** An address of this machine that the server trusts as a proxy. */
  readonly proxyAddress?: string | undefined;
  /** A second instance that shares the admission store. */
  readonly peer?: Address | undefined;
  /** How many seconds the server's clock is ahead of this machine. */
  readonly clockOffset: number;
  /** Sets how many seconds the server's clock is ahead, in place of waiting: for tests of the suite. */
  readonly fastForward?: ((seconds: number) => Promise<void>) | undefined;
}

type FastForward = NonNullable<ServerTarget['fastForward']>;

/** The seconds by which the clock of each server was moved in place of waiting. */
const forwardedBy = new WeakMap<FastForward, number>();

/** Bytes of a body that are kept for the report. */
const BODY_KEPT = 1_000;

const getRoles = ({
  only,
  odd: _oddKeys,
  withdrawal: _terms,
  ipEdges,
  ...roles
}: TestKeys): Readonly<Record<string, TestKey>> => ({
  ...only,
  ...roles,
  ...(ipEdges === undefined ? {} : { ipEdges }),
});

const getHeadText = ({ startLine, headers }: NonNullable<RawResponse>): string =>
  [startLine, ...headers.map((pair) => pair.join(': ')), '', ''].join('\r\n');

const getBodyText = (body: Buffer): string => body.subarray(0, BODY_KEPT).toString('latin1');

const INVALID_SIGNATURE = /^HTTP\/1\.[01] 401 .*Invalid signature/s;

const BACKSTOP = 'Too many requests from this IP';

/**
 * The server under test in one case: crafts requests, sends their exact bytes, and keeps the responses for
 * the report.
 */
export class ServerUnderTest {
  readonly target: ServerTarget;
  readonly check: Checker;
  readonly #settings: RunSettings;

  constructor(target: ServerTarget, check: Checker, settings: RunSettings) {
    this.target = target;
    this.check = check;
    this.#settings = settings;
  }

  /** The server's clock while it runs, in whole Unix seconds. */
  now(): number {
    const { clockOffset, fastForward } = this.target;
    const skipped = fastForward === undefined ? 0 : (forwardedBy.get(fastForward) ?? 0);
    return Math.floor(Date.now() / 1000 + skipped) + clockOffset;
  }

  /** Waits so many seconds. */
  async wait(seconds: number): Promise<void> {
    const { fastForward } = this.target;
    if (fastForward === undefined) return pause(seconds * 1000);
    const skipped = (forwardedBy.get(fastForward) ?? 0) + seconds;
    forwardedBy.set(fastForward, skipped);
    await fastForward(skipped);
  }

  /** The same server, reached at or from another address. */
  at(address: Address): ServerUnderTest {
    return new ServerUnderTest({ ...this.target, address }, this.check, this.#settings);
  }

  basis(role: Role = 'full', now = this.now()): Basis {
    const key = this.target.keys[role];
    if (key === undefined) throw new NotApplicable(`the keys file has no role ${role}`);
    return this.basisFor(key, now);
  }

  /** The basis of requests with any key. */
  basisFor(key: TestKey, now = this.now()): Basis {
    const { other } = this.target.keys;
    return {
      keyId: key.keyId,
      secret: Buffer.from(key.secret),
      otherKeyId: other.keyId,
      otherSecret: Buffer.from(other.secret),
      now,
      nonce: randomBytes(8).toString('hex'),
      jitter: randomInt(1, 251),
    };
  }

  craft(recipe: Recipe = {}, basis: Basis = this.basis()): CraftedRequest {
    const request = assemble(basis, recipe);
    this.#settings.masker.addSignature(request.validSignature);
    return request;
  }

  encode(request: CraftedRequest, encoding: Partial<Encoding> = {}): EncodedRequest {
    const { host, port } = this.target.address;
    for (const [name, value] of request.headers)
      if (name.toLowerCase() === SIGNATURE_HEADER.toLowerCase()) this.#settings.masker.addSignature(value);
    return encodeRequest(request, { host: `${host}:${port}`, ...encoding });
  }

  /** Throws `NoResponse` after `timeoutMs`. */
  async send(
    request: CraftedRequest,
    { timeoutMs, ...encoding }: Partial<Encoding> & { readonly timeoutMs?: number } = {},
  ): Promise<ServerResponse> {
    return this.sendEncoded(this.encode(request, encoding), timeoutMs);
  }

  /** Like `send`, with bytes that no recipe describes. */
  async sendEncoded(sent: EncodedRequest, timeoutMs?: number): Promise<ServerResponse> {
    return this.read(sent, await this.#exchange(sent, timeoutMs));
  }

  /** Reads the response to a request on a connection, and keeps both for the report, also without a response. */
  async receive(sent: EncodedRequest, connection: Connection, timeoutMs?: number): Promise<ServerResponse> {
    return this.read(sent, await this.#keepIfBroken(sent, connection.read(timeoutMs)));
  }

  async #exchange(sent: EncodedRequest, timeoutMs?: number): Promise<RawResponse> {
    const connection = await this.#keepIfBroken(sent, Connection.open(this.target.address));
    try {
      connection.write(Buffer.concat([sent.head, sent.body]));
      return await this.#keepIfBroken(sent, connection.read(timeoutMs));
    } finally {
      connection.close();
    }
  }

  /** Keeps a request whose response never came, or is not complete. */
  async #keepIfBroken<Value>(sent: EncodedRequest, step: Promise<Value>): Promise<Value> {
    try {
      return await step;
    } catch (error) {
      this.#addExchange(sent, error instanceof ImplementationFailure ? error.received : '');
      throw error;
    }
  }

  /**
   * Sends a request that no server should accept; `undefined` when the server closes the connection or waits
   * for more.
   */
  async provoke(sent: EncodedRequest, timeoutMs: number): Promise<ServerResponse | undefined> {
    try {
      const raw = await this.#exchange(sent, timeoutMs);
      if (raw !== undefined) return this.read(sent, raw);
      this.#addExchange(sent, '');
      return undefined;
    } catch (error) {
      if (error instanceof NoResponse) return undefined;
      throw error;
    }
  }

  /** Crafts and sends in one step. */
  async ask(recipe: Recipe = {}, basis: Basis = this.basis()): Promise<ServerResponse> {
    return this.send(this.craft(recipe, basis));
  }

  /** Parses a response, and keeps both messages for the report. */
  read(sent: EncodedRequest, raw: RawResponse): ServerResponse {
    this.#addExchange(sent, raw === undefined ? '' : `${getHeadText(raw)}${getBodyText(raw.body)}`);
    if (raw === undefined)
      throw new ImplementationFailure('the server closed the connection without a response');
    const response = parseServerResponse(raw);
    if (response.status === 429) this.#requireRoom(sent.head.toString('latin1'), response);
    return response;
  }

  #addExchange({ head, body, canonical }: EncodedRequest, received: string): void {
    const isRejected = canonical !== undefined && INVALID_SIGNATURE.test(received);
    this.check.addExchange({
      sent: `${head.toString('latin1')}${getBodyText(body)}`,
      received,
      ...(isRejected ? { canonical } : {}),
    });
  }

  /** Throws for a limit that was reached only because of the number of requests in this run. */
  #requireRoom(head: string, { text }: ServerResponse): void {
    if (text.includes(BACKSTOP))
      throw new NoVerdict(
        "the per-IP backstop responded with 429: this run needs a higher limit. Raise the server's per-IP limit for conformance runs, or wait a minute.",
      );
    const role = Object.entries(getRoles(this.target.keys)).find(([, { keyId }]) =>
      head.includes(`${KEY_HEADER}: ${keyId}\r\n`),
    )?.[0];
    if (role !== undefined && !role.startsWith('slow') && text.includes(REJECTIONS.rateLimit.message))
      throw new NoVerdict(
        `the key of the role ${role} has reached its rate limit: a run needs about 500 requests a minute with full and other, and 350 with readonly and noperm. Raise its limit, or wait a minute after the last run.`,
      );
  }
}

export type ServerCase = ConformanceCase<ServerUnderTest>;

type Row = Omit<ServerCase, 'group' | 'spec'> & Partial<Pick<ServerCase, 'spec'>>;

/** Adds what the cases of a table have in common, and prefixes their ids. */
export const serverCases = (
  common: Pick<ServerCase, 'group' | 'spec'> & Pick<Partial<ServerCase>, 'needs' | 'timeoutMs'>,
  rows: readonly Row[],
): readonly ServerCase[] => rows.map((row) => ({ ...common, ...row, id: `server-${row.id}` }));
