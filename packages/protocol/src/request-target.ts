import { assertString, createFieldReader } from './arguments.ts';
import { REJECTIONS, type Rejection } from './rejection.ts';

/** The two fields of the canonical string that come from the request target. Contract §1.2. */
export interface RequestTarget {
  /** Everything before the first `?`, byte for byte. */
  readonly path: string;
  /** Everything after the first `?`, byte for byte and without it; empty when there is none. */
  readonly query: string;
}

// Visible ASCII but for `#` and `\`, beginning with exactly one slash.
const ORIGIN_FORM = /^\/(?!\/)[!-"$-[\]-~]*$/;

/**
 * Splits the request target, as it stands on the wire, at its first `?`. Nothing is decoded, normalised or sorted.
 * Absolute form, `#`, `\`, spaces, control and non-ASCII characters, or a target that does not begin with exactly one
 * `/` give the rejection `malformed_request_target`. Contract §1.2.
 */
export const parseRequestTarget = (target: string): RequestTarget | Rejection => {
  if (typeof target !== 'string' || !ORIGIN_FORM.test(target)) return REJECTIONS.malformed_request_target;
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
};

/** Joins path and query to a request target; an empty query gets no `?`. Inverse of {@link parseRequestTarget} up to a bare trailing `?`. */
export const printRequestTarget = (target: RequestTarget): string => {
  const { path, query } = readTarget(target);
  assertString(path, 'path');
  assertString(query, 'query');
  return query === '' ? path : `${path}?${query}`;
};

const readTarget = createFieldReader<RequestTarget>('target', ({ path, query }) => ({ path, query }));
