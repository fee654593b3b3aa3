import { assertString, createFieldReader, quote, readGuarded, typeName, wrongType } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { REJECTIONS, type Rejection } from '../rejections.ts';

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
export const formatRequestTarget = (target: RequestTarget): string => {
  const { path, query } = readTarget(target);
  assertString(path, 'path');
  assertString(query, 'query');
  return query === '' ? path : `${path}?${query}`;
};

const readTarget = createFieldReader<RequestTarget>('target', ({ path, query }) => ({ path, query }));

/** What a query parameter may be; `null` and `undefined` leave it out. */
export type QueryValue = string | number | bigint | boolean | null | undefined;

// encodeURIComponent leaves these five alone, but URL parsers on the way do not (`'` becomes %27).
const escapeSubDelimiter = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * Percent-encodes one value so that no URL parser has a reason to change it: only `A-Z a-z 0-9 - . _ ~` stay as they are.
 *
 * @throws ProtocolError `invalid_query` for anything but a string, and for a lone surrogate, which has no UTF-8 bytes.
 */
export const encodeComponent = (text: string): string => {
  assertString(text, 'Text', 'invalid_query');
  if (!text.isWellFormed()) {
    throw new ProtocolError('invalid_query', `Text must be well-formed Unicode: got ${quote(text)}.`);
  }
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeSubDelimiter);
};

/**
 * Writes query parameters in the order given, without a leading `?`. `null` and `undefined` values are left out; what is
 * signed and what is sent must be this very string. Contract §1.2.
 *
 * @throws ProtocolError `invalid_query` for arrays, objects, `NaN`, infinities and lone surrogates among the values, and for
 * parameters that are not a plain object, such as a `URLSearchParams`.
 */
export const encodeQuery = (parameters: Readonly<Record<string, QueryValue>>): string => {
  const pairs: string[] = [];
  for (const [name, value] of readParameters(parameters)) {
    if (value === null || value === undefined) continue;
    pairs.push(`${encodeComponent(name)}=${encodeComponent(printValue(name, value))}`);
  }
  return pairs.join('&');
};

// A Map or a URLSearchParams has no entries for Object.entries: it would be written as an empty query.
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
