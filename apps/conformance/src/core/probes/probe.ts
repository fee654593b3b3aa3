import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import { computeSignature, createCanonicalString, type WireRequest } from '../expected-signature.ts';
import type { ExpectedRejection } from '../rejections.ts';

/** The inputs of a probe: a live key, another one, the server's clock, and unused values. */
export interface Basis {
  readonly keyId: string;
  readonly secret: Buffer;
  readonly otherKeyId: string;
  readonly otherSecret: Buffer;
  /** The server's clock, in Unix seconds. */
  readonly now: number;
  /** Letters and digits, different for every request. */
  readonly nonce: string;
  /** A random whole number of seconds from 1 to 250, for requests that have no place for a nonce. */
  readonly jitter: number;
}

export type HeaderPair = readonly [name: string, value: string];

/** A request that is ready to be sent. */
export interface CraftedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  readonly body: Buffer;
  /** The signature that would be right for exactly these bytes. Never reported. */
  readonly validSignature: string;
  /** The canonical string of exactly these bytes. */
  readonly canonical: string;
}

/** How a request differs from a correct `GET /v1/_ping?nonce=…`. */
export interface Recipe {
  readonly keyId?: string;
  readonly secret?: Buffer;
  readonly timestamp?: string;
  readonly method?: string;
  readonly target?: string;
  readonly body?: Buffer;
  /** Fields that are signed differently from how they are sent. */
  readonly signed?: Partial<WireRequest>;
  /** Another way to write the canonical string. */
  readonly canonical?: (request: WireRequest) => string;
  /** Another way to compute the signature. */
  readonly mac?: (secret: Buffer, canonical: string) => string;
  /** Changes the three finished headers. */
  readonly headers?: (headers: readonly HeaderPair[]) => readonly HeaderPair[];
}

/**
 * The expected result: accepted with 200; authenticated, with any response of the route; or this rejection.
 */
export type Expected = 'accepted' | 'authenticated' | ExpectedRejection;

/**
 * One request with one property. The same probe is tried on a verifier in memory and on a server over the
 * wire.
 */
export interface Probe {
  readonly id: string;
  readonly group: string;
  readonly description: string;
  readonly spec: string;
  readonly expected: Expected;
  readonly craft: (basis: Basis) => Recipe;
}

const NO_BODY = Buffer.alloc(0);

/** Signs and assembles a request by its recipe. */
export const assemble = (basis: Basis, recipe: Recipe = {}): CraftedRequest => {
  const { method = 'GET', target = `/v1/_ping?nonce=${basis.nonce}`, body = NO_BODY } = recipe;
  const { keyId = basis.keyId, secret = basis.secret, timestamp = String(basis.now) } = recipe;
  const sent: WireRequest = { timestamp, method, target, body };
  const signedText = (recipe.canonical ?? createCanonicalString)({ ...sent, ...recipe.signed });
  const signature = (recipe.mac ?? computeSignature)(secret, signedText);
  const headers: readonly HeaderPair[] = [
    [KEY_HEADER, keyId],
    [TIMESTAMP_HEADER, timestamp],
    [SIGNATURE_HEADER, signature],
  ];
  const canonical = createCanonicalString(sent);
  return {
    method,
    target,
    body,
    headers: recipe.headers?.(headers) ?? headers,
    validSignature: computeSignature(secret, canonical),
    canonical,
  };
};

/** Fixes what the probes of one table have in common. */
export const probes = (
  common: Pick<Probe, 'group' | 'spec' | 'expected'>,
  table: readonly (Pick<Probe, 'id' | 'description' | 'craft'> & Partial<Probe>)[],
): readonly Probe[] => table.map((row) => ({ ...common, ...row }));
