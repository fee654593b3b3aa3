import { createHash, createHmac } from 'node:crypto';

/**
 * The steps from a request to a signature, each of which a mutant can replace. Texts are latin1, one
 * character a byte.
 */
export interface SigningParts {
  readonly timestamp: (text: string) => string;
  readonly method: (text: string, body: Buffer) => string;
  readonly split: (target: string) => { readonly path: string; readonly query: string };
  readonly path: (path: string) => string;
  readonly query: (query: string) => string;
  /** The bytes of a body that are hashed. */
  readonly body: (body: Buffer, method: string) => Buffer;
  readonly bodyHash: (body: Buffer) => string;
  readonly join: (fields: readonly string[]) => string;
  readonly key: (secret: Buffer) => Buffer;
  readonly mac: (key: Buffer, canonical: string) => string;
}

export const hmacHex = (key: Buffer, canonical: string): string =>
  createHmac('sha256', key).update(canonical, 'latin1').digest('hex');

const same = <Value>(value: Value): Value => value;

/** The recipe of wire protocol §1. */
export const SIGNING: SigningParts = {
  timestamp: same,
  method: (text) => text.toUpperCase(),
  split: (target) => {
    const mark = target.indexOf('?');
    return mark === -1
      ? { path: target, query: '' }
      : { path: target.slice(0, mark), query: target.slice(mark + 1) };
  },
  path: same,
  query: same,
  body: same,
  bodyHash: (body) => createHash('sha256').update(body).digest('hex'),
  join: (fields) => fields.join('\n'),
  key: same,
  mac: hmacHex,
};

export interface SignedFields {
  readonly timestamp: string;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer;
}

/** Signs with these parts. */
export const signBy = (parts: SigningParts, secret: Buffer, request: SignedFields): string => {
  const { path, query } = parts.split(request.target);
  const canonical = parts.join([
    parts.timestamp(request.timestamp),
    parts.method(request.method, request.body),
    parts.path(path),
    parts.query(query),
    parts.bodyHash(parts.body(request.body, request.method)),
  ]);
  return parts.mac(parts.key(secret), canonical);
};
