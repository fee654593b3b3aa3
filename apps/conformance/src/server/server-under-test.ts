import { randomBytes, randomInt } from 'node:crypto';
import { KEY_HEADER } from '@cpg/protocol';
import { ANSWERS } from '../core/answers.ts';
import { type Checker, NotApplicable } from '../core/checker.ts';
import type { RunSettings } from '../core/run-settings.ts';
import { assemble, type Basis, type CraftedRequest, type Recipe } from '../probes/index.ts';
import { type Address, exchange, type RawAnswer } from '../wire/exchange.ts';
import { curlLine } from './curl-line.ts';
import { type Encoding, encodeRequest } from './encode-request.ts';
import type { SandboxClock } from './sandbox-clock.ts';
import type { SandboxStore } from './sandbox-store.ts';
import { type ServerAnswer, toServerAnswer } from './server-answer.ts';
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
  /** What the server's clock is ahead of ours, in seconds. */
  readonly clockOffset: number;
}

/** Bytes of a request's body that are kept for the report. */
const BODY_KEPT = 1_000;

const BACKSTOP = 'Too many requests from this IP';

/** The server under test as one case sees it: it crafts requests, sends them byte by byte, and witnesses what came back. */
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
    return Math.floor(Date.now() / 1000) + this.target.clockOffset;
  }

  /** The same server, met at another address or from another one. */
  at(address: Address): ServerUnderTest {
    return new ServerUnderTest({ ...this.target, address }, this.check, this.#settings);
  }

  basis(role: Role = 'full', now = this.now()): Basis {
    const key = this.target.keys[role];
    if (key === undefined) throw new NotApplicable(`the keys file has no role ${role}`);
    return this.basisOf(key, now);
  }

  /** What requests of any key are made of. */
  basisOf(key: TestKey, now = this.now()): Basis {
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
    for (const [, value] of request.headers)
      if (/^[0-9a-fA-F]{64}$/.test(value)) this.#settings.masker.addSignature(value);
    return request;
  }

  encode(request: CraftedRequest, encoding: Partial<Encoding> = {}): { head: Buffer; body: Buffer } {
    const { host, port } = this.target.address;
    return encodeRequest(request, { host: `${host}:${port}`, ...encoding });
  }

  /** `timeoutMs`: how long to wait for the answer; then throws `NoAnswer`. */
  async send(
    request: CraftedRequest,
    { timeoutMs, ...encoding }: Partial<Encoding> & { readonly timeoutMs?: number } = {},
  ): Promise<ServerAnswer> {
    const { head, body } = this.encode(request, encoding);
    const raw = await exchange(this.target.address, Buffer.concat([head, body]), timeoutMs);
    return this.read(head, raw, body);
  }

  /** Crafts and sends in one step. */
  async ask(recipe: Recipe = {}, basis: Basis = this.basis()): Promise<ServerAnswer> {
    return this.send(this.craft(recipe, basis));
  }

  /** Turns raw bytes into an answer and keeps both sides for the report. */
  read(head: Buffer, raw: RawAnswer, body: Buffer = Buffer.alloc(0)): ServerAnswer {
    const received = raw === undefined ? '' : `${raw.startLine}\r\n${raw.body.toString('latin1')}`;
    const start = head.toString('latin1');
    const sent = `${start}${body.subarray(0, BODY_KEPT).toString('latin1')}`;
    this.check.witness({ sent, received, curl: curlLine(start, this.target.address, body) });
    if (raw === undefined) throw new Error('the server closed the connection without an answer');
    const answer = toServerAnswer(raw);
    if (answer.status === 429) this.#requireRoom(sent, answer);
    return answer;
  }

  /** A limit that only this run's own number of requests has met says nothing about the server. */
  #requireRoom(sent: string, { text }: ServerAnswer): void {
    if (text.includes(BACKSTOP))
      throw new Error(
        "the per-IP backstop answered 429: this run needs more than its limit. Raise the server's per-IP limit for conformance runs, or wait a minute.",
      );
    const { slowA, slowB } = this.target.keys;
    const isSlow = [slowA, slowB].some(({ keyId }) => sent.includes(`${KEY_HEADER}: ${keyId}\r\n`));
    if (!isSlow && text.includes(ANSWERS.rateLimit.message))
      throw new Error(
        'a key that is not meant to be slow has met its rate limit: a run needs some 400 requests of the role full within seconds. Raise its limit, or wait a minute after the last run.',
      );
  }
}
