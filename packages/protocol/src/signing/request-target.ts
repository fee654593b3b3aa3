import { assertString, createFieldReader, quote, readGuarded, typeName, wrongType } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { REJECTIONS, type Rejection } from '../rejections.ts';

/** The two fields of the canonical string that come from the request target. Wire protocol §1.2. */
export interface RequestTarget {
  /** Everything before the first `?`, byte for byte. */
  readonly path: string;
  /** Everything after the first `?`, byte for byte and without it; empty when there is none. */
  readonly query: string;
}

// Visible ASCII except `#` and `\`, beginning with exactly one slash.
const ORIGIN_FORM = /^\/(?!\/)[!-"$-[\]-~]*$/;

/**
 * Splits a request target, exactly as on the wire, at its first `?`. Nothing is decoded, normalised or
 * sorted. The target must begin with exactly one `/` and contain visible ASCII characters other than `#` and
 * `\`; otherwise the rejection `malformed_request_target` is returned. Wire protocol §1.2.
 */
export const parseRequestTarget = (target: string): RequestTarget | Rejection => {
  if (typeof target !== 'string' || !ORIGIN_FORM.test(target)) return REJECTIONS.malformed_request_target;
  const mark = target.indexOf('?');
  return mark === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
};

/**
 * Joins path and query to a request target, without `?` when the query is empty. Inverse of {@link
 * parseRequestTarget}.
 */
export const formatRequestTarget = (target: RequestTarget): string => {
  const { path, query } = readTarget(target);
  assertString(path, 'path');
  assertString(query, 'query');
  return query === '' ? path : `${path}?${query}`;
};

const readTarget = createFieldReader<RequestTarget>('target', ({ path, query }) => ({ path, query }));

/** The value of a query parameter; `null` and `undefined` omit the parameter. */
export type QueryValue = string | number | bigint | boolean | null | undefined;

// Most names and values need no encoding, and this test takes a fifth of the time.
const UNRESERVED = /^[\w.~-]*$/;

// encodeURIComponent keeps these five, but URL parsers may change them (`'` becomes %27).
const escapeSubDelimiter = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * Percent-encodes everything but `A-Z a-z 0-9 - . _ ~`, so that URL parsers do not change the result.
 *
 * @throws ProtocolError `invalid_query` for anything but a string, and for a lone surrogate, which has no
 * UTF-8 bytes.
 */
export const encodeComponent = (text: string): string => {
  assertString(text, 'Text', 'invalid_query');
  if (UNRESERVED.test(text)) return text;
  if (!text.isWellFormed()) {
    throw new ProtocolError('invalid_query', `Text must be well-formed Unicode: got ${quote(text)}.`);
  }
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeSubDelimiter);
};

/**
 * Encodes query parameters in the given order, without a leading `?`, and omits `null` and `undefined`
 * values. Sign and send exactly this string. Wire protocol §1.2.
 *
 * @throws ProtocolError `invalid_query` when a value is an array, an object, `NaN`, infinite or contains a
 * lone surrogate, or when the parameters are not a plain object, for example a `URLSearchParams`.
 */
export const encodeQuery = (parameters: Readonly<Record<string, QueryValue>>): string => {
  const pairs: string[] = [];
  for (const [name, value] of readParameters(parameters)) {
    if (value === null || value === undefined) continue;
    pairs.push(`${encodeComponent(name)}=${encodeComponent(printValue(name, value))}`);
  }
  return pairs.join('&');
};

// Object.entries finds nothing in a Map or a URLSearchParams, which would give an empty query.
const readParameters = (parameters: object): [name: string, value: QueryValue][] =>
  readGuarded('parameters', () => {
    if (typeof parameters !== 'object' || parameters === null || Symbol.iterator in parameters) {
      const expected = 'a plain object of names and values';
      throw wrongType('Query parameters', parameters, { expected, code: 'invalid_query' });
    }
    return Object.entries(parameters);
  });

const printValue = (name: string, value: NonNullable<QueryValue>): string => {
  const isScalar = ['string', 'bigint', 'boolean'].includes(typeof value) || Number.isFinite(value);
  if (!isScalar) {
    const got = typeof value === 'number' ? `number ${value}` : typeName(value);
    throw new ProtocolError(
      'invalid_query',
      `Query parameter ${name} must be a string, a finite number or a boolean: got ${got}.`,
    );
  }
  return String(value);
};
