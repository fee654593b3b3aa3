import { timingSafeEqual } from 'node:crypto';
import { clientAddress, isListed } from './addresses.ts';
import { LEDGER, type LedgerParts } from './ledger-parts.ts';
import { SIGNING, type SigningParts } from './signing-parts.ts';
import { type Admit, failClosed, type StoreState } from './store.ts';

export interface ServerKey {
  readonly keyId: string;
  readonly secret: string;
  readonly permissions: readonly string[];
  readonly limit: number;
  readonly isRevoked: boolean;
  /** Addresses and ranges that may use the key. Empty: all. */
  readonly whitelist: readonly string[];
  readonly account: string;
}

export interface Rejection {
  readonly status: number;
  readonly message: string;
}

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The headers after a chunked body. */
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** The address of the peer. */
  readonly address: string;
  /** The identity of its connection. */
  readonly connection: object;
  /** The index of the instance that received it. */
  readonly instance: number;
}

export interface Claim {
  readonly keyId: string;
  readonly signature: string;
  readonly timestamp: number;
  readonly now: number;
  readonly limit: number;
  readonly request: Arrived;
}

export type Admission = 'admitted' | 'replayed' | 'limited' | 'unavailable';

/** The steps of wire protocol §2.1; {@link ServerParts.order} has their order. */
export type Step =
  | 'missing'
  | 'malformed'
  | 'target'
  | 'timestamp'
  | 'encoding'
  | 'size'
  | 'signature'
  | 'address'
  | 'store'
  | 'admission'
  | 'permission';

/** The steps of a verifier, each of which a mutant can replace. */
export interface ServerParts extends SigningParts, LedgerParts {
  /** Requests go through an HTTP parser before any step. */
  readonly isParsed: boolean;
  /** The parser accepts two framings at once and uses the chunks, as RFC 9112 §6.1 permits. */
  readonly isLenient: boolean;
  /** The request that is routed and checked. */
  readonly arrive: (request: Arrived) => Arrived;
  readonly order: readonly Step[];
  readonly getHeaderValues: (headers: Arrived['headers'], name: string) => readonly string[];
  readonly isMissing: (values: readonly (readonly string[])[]) => boolean;
  readonly isMalformed: (values: readonly (readonly string[])[]) => boolean;
  readonly pick: (values: readonly string[]) => string;
  readonly isTarget: (target: string) => boolean;
  /** `undefined` for a text that is not a timestamp. */
  readonly parseTimestamp: (text: string) => number | undefined;
  readonly isInWindow: (timestamp: number, now: number) => boolean;
  readonly isEncoding: (coding: string) => boolean;
  readonly bodyLimit: number;
  readonly findKey: (keys: readonly ServerKey[], keyId: string) => ServerKey | undefined;
  readonly compare: (expected: string, received: string) => boolean;
  /** The body, from the pieces that arrived. */
  readonly joinBody: (pieces: readonly Buffer[]) => Buffer;
  /** An incomplete request is discarded. */
  readonly isWholeOnly: boolean;
  /** The request whose signature is computed. */
  readonly signedRequest: (request: Arrived) => Arrived;
  readonly isTooLarge: (request: Arrived, limit: number) => boolean;
  readonly getClientAddress: (request: Arrived) => string;
  readonly isListed: (list: readonly string[], address: string) => boolean;
  readonly isAddress: (key: ServerKey, isListed: () => boolean) => boolean;
  readonly makeAdmit: () => Admit;
  /** Asks the store, and decides when it is unavailable. */
  readonly reach: (admit: Admit) => (claim: Claim, state: StoreState) => Promise<Admission>;
  /** Whether the endpoint is served; a server may serve a part of the API. */
  readonly isServed: (name: string) => boolean;
  readonly hasPermission: (key: ServerKey, permission: string, method: string) => boolean;
  readonly reject: (rejection: Rejection, step: string) => Rejection;
  /** Headers that are added to a response or replace its own. */
  readonly headers: (status: number) => Readonly<Record<string, string | undefined>>;
  readonly envelope: (message: string) => object;
  /** The text of a body. */
  readonly write: (body: object) => string;
  /** The Content-Length of a body. */
  readonly length: (text: string) => number;
  /** The reason phrase of a status; `undefined`: the usual one. */
  readonly reason: (status: number) => string | undefined;
  /** Responses have no length, and end with their connection. */
  readonly isUntilClose: boolean;
  /** Responses are chunked. */
  readonly isChunked: boolean;
  /** Runs before each response. */
  readonly delay: (request: Arrived) => Promise<unknown> | undefined;
  /** Whether the body of a request with this rejection is read as the next request. */
  readonly isReread: (status: number, request: Arrived) => boolean;
  /** The connection is closed at once when a long request can be rejected without its body. */
  readonly isHasty: boolean;
  /** How many seconds the clock is ahead. */
  readonly clockOffset: number;
  /** The signed bytes of a webhook; `body` has already been applied. */
  readonly webhookText: (timestamp: string, body: Buffer) => Buffer;
  /** A webhook's signature, in the form in which it is compared. */
  readonly webhookSignature: (received: string) => string;
}

const TIMESTAMP = /^(?:0|[1-9][0-9]{0,14})$/;

/** Remembers signatures until they expire, and counts admissions by epoch minute. */
export const makeMemory = (usedFor = (claim: Claim) => claim.timestamp + 300) => {
  const used = new Map<string, number>();
  const counts = new Map<string, number>();
  return {
    isUsed: (name: string, now: number) => (used.get(name) ?? -1) >= now,
    use: (name: string, claim: Claim) => used.set(name, usedFor(claim)),
    count: (name: string) => counts.get(name) ?? 0,
    add: (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1),
  };
};

/** The names under which an admission remembers and counts, each of which a mutant can replace. */
export interface AdmissionNames {
  readonly used: (claim: Claim) => string;
  readonly window: (claim: Claim) => string;
  readonly usedFor: (claim: Claim) => number;
  readonly isOver: (count: number, limit: number) => boolean;
}

export const ADMISSION: AdmissionNames = {
  used: ({ keyId, signature }) => `${keyId} ${signature}`,
  window: ({ keyId, now }) => `${keyId} ${Math.floor(now / 60)}`,
  usedFor: ({ timestamp }) => timestamp + 300,
  isOver: (count, limit) => count >= limit,
};

/** One atomic decision: already used, else over the limit, else admitted and remembered. */
export const makeAdmission =
  (names: Partial<AdmissionNames> = {}): ServerParts['makeAdmit'] =>
  () => {
    const { used, window, usedFor, isOver } = { ...ADMISSION, ...names };
    const memory = makeMemory(usedFor);
    return (claim) => {
      if (memory.isUsed(used(claim), claim.now)) return 'replayed';
      if (isOver(memory.count(window(claim)), claim.limit)) return 'limited';
      memory.use(used(claim), claim);
      memory.add(window(claim));
      return 'admitted';
    };
  };

export const compareText = (expected: string, received: string): boolean => {
  const [left, right] = [Buffer.from(expected, 'latin1'), Buffer.from(received, 'latin1')];
  return left.length === right.length && timingSafeEqual(left, right);
};

/** A small, correct verifier. */
export const SERVER: ServerParts = {
  ...SIGNING,
  ...LEDGER,
  isParsed: true,
  isLenient: false,
  arrive: (request) => request,
  order: [
    'missing',
    'malformed',
    'target',
    'timestamp',
    'encoding',
    'size',
    'signature',
    'address',
    'admission',
    'permission',
  ],
  getHeaderValues: (headers, name) =>
    headers.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value),
  isMissing: (values) => values.some((found) => found.length === 0 || found.includes('')),
  isMalformed: (values) =>
    values.some((found) => found.length > 1) || !/^[A-Za-z0-9_.-]{1,128}$/.test(values[0]?.[0] ?? ''),
  pick: (values) => values[0] ?? '',
  isTarget: (target) => /^\/(?!\/)[!-"$-[\]-~]*$/.test(target),
  parseTimestamp: (text) => (TIMESTAMP.test(text) ? Number(text) : undefined),
  isInWindow: (timestamp, now) => Math.abs(timestamp - now) <= 300,
  isEncoding: (codings) => codings.split(',').every((coding) => /^(identity)?$/i.test(coding.trim())),
  bodyLimit: 1024 * 1024,
  findKey: (keys, keyId) => keys.find((key) => key.keyId === keyId && !key.isRevoked),
  compare: compareText,
  joinBody: (pieces) => Buffer.concat(pieces),
  isWholeOnly: true,
  signedRequest: (request) => request,
  isTooLarge: ({ body }, limit) => body.length > limit,
  getClientAddress: ({ address, headers }) =>
    clientAddress(address, SERVER.getHeaderValues(headers, 'X-Forwarded-For')),
  isListed,
  isAddress: ({ whitelist }, isListedHere) => whitelist.length === 0 || isListedHere(),
  makeAdmit: makeAdmission(),
  reach: failClosed,
  isServed: () => true,
  hasPermission: ({ permissions }, permission) => permissions.includes(permission),
  reject: (rejection) => rejection,
  headers: () => ({}),
  envelope: (message) => ({ success: false, message }),
  write: (body) => JSON.stringify(body),
  length: (text) => Buffer.byteLength(text),
  reason: () => undefined,
  isUntilClose: false,
  isChunked: false,
  delay: () => undefined,
  isReread: () => false,
  isHasty: false,
  clockOffset: 0,
  webhookText: (timestamp, body) => Buffer.concat([Buffer.from(`${timestamp}\n`), body]),
  webhookSignature: (received) => received.toLowerCase(),
};
