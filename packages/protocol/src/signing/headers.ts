import { assertString, isArray, readGuarded, wrongType } from '../arguments.ts';
import { ProtocolError } from '../protocol-error.ts';
import { REJECTIONS, type Rejection } from '../rejections.ts';

/** Carries the key's public id. Wire protocol §1.1. */
export const KEY_HEADER = 'X-CPG-Key';
/** Carries Unix seconds. Wire protocol §1.1, and §5 for webhooks. */
export const TIMESTAMP_HEADER = 'X-CPG-Timestamp';
/** Carries 64 lowercase hex digits. Wire protocol §1.1, and §5 for webhooks. */
export const SIGNATURE_HEADER = 'X-CPG-Signature';

/** The three headers that every signed request carries exactly once. Wire protocol §1.1. */
export const AUTHENTICATION_HEADERS = Object.freeze([
  KEY_HEADER,
  TIMESTAMP_HEADER,
  SIGNATURE_HEADER,
] as const);

/** Names the event of a webhook. Wire protocol §5. */
export const EVENT_HEADER = 'X-CPG-Event';
/** Identifies a webhook delivery; the same on every retry. Wire protocol §5. */
export const DELIVERY_HEADER = 'X-CPG-Delivery';

const KEY_ID = /^[A-Za-z0-9_.-]{1,128}$/;

/** Whether a text is a well-formed key id: 1–128 characters of `A-Z a-z 0-9 _ - .`. Wire protocol §1.1. */
export const isKeyId = (text: string): boolean => typeof text === 'string' && KEY_ID.test(text);

/** Headers as received: in order, repeats included. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/**
 * Every value of a header, in order; empty when the header is missing. The case of the name does not matter.
 * Wire protocol §1.1.
 *
 * @throws ProtocolError `invalid_field` unless the headers are an array of pairs of strings.
 */
export const headerValues = (headers: HeaderPairs, name: string): readonly string[] => {
  assertString(name, 'name');
  if (!isArray(headers)) throw wrongType('headers', headers, { expected: PAIRS });
  return readGuarded('headers', () => findValues(headers, name.toLowerCase()));
};

const PAIRS = 'an array of [name, value] pairs of strings';

const assertPair = (pair: unknown): void => {
  if (!isArray(pair))
    throw wrongType('Each of headers', pair, { expected: 'a [name, value] pair of strings' });
};

const findValues = (headers: HeaderPairs, wanted: string): readonly string[] => {
  const values: string[] = [];
  for (const pair of headers) {
    assertPair(pair);
    const [given, value] = pair;
    assertString(given, 'The name of each header');
    assertString(value, 'The value of each header');
    if (given.toLowerCase() === wanted) values.push(value);
  }
  return values;
};

/** Headers as received: pairs, or names and values in turn, as in Node's `rawHeaders`. */
export type ReceivedHeaders = HeaderPairs | readonly string[];

/** The headers that authentication reads, exactly as received. */
export interface AuthenticationHeaders {
  readonly keyId: string;
  readonly timestamp: string;
  readonly signature: string;
  /** Every `Content-Encoding`, joined with commas; empty when there is none. */
  readonly contentEncoding: string;
}

/**
 * Reads the three authentication headers. Each must be present exactly once and not empty, and the key id
 * well-formed. Pass the raw headers: Node's `request.headers` joins repeated headers with a comma. Wire
 * protocol §2.1, steps 2 and 3.
 *
 * @returns the rejection `missing_authentication_headers` or `malformed_authentication_headers` otherwise.
 * @throws ProtocolError `invalid_field` unless the headers are pairs of strings, or names and values in turn.
 */
export const readAuthenticationHeaders = (headers: ReceivedHeaders): AuthenticationHeaders | Rejection => {
  if (!isArray(headers)) throw wrongType('headers', headers, { expected: PAIRS });
  const { keyId, timestamp, signature, contentEncoding, occurrences } = readGuarded('headers', () =>
    typeof headers[0] === 'string'
      ? collectFromList(headers as readonly string[])
      : collectFromPairs(headers as HeaderPairs),
  );
  if (keyId === '' || timestamp === '' || signature === '') return REJECTIONS.missing_authentication_headers;
  if (occurrences !== 3 || !isKeyId(keyId)) return REJECTIONS.malformed_authentication_headers;
  return { keyId, timestamp, signature, contentEncoding };
};

interface CollectedHeaders {
  keyId: string;
  timestamp: string;
  signature: string;
  contentEncoding: string;
  /** Of the three authentication headers, repeats included. */
  occurrences: number;
}

const collectFromList = (headers: readonly string[]): CollectedHeaders => {
  if (headers.length % 2 !== 0) {
    throw new ProtocolError(
      'invalid_field',
      'headers must hold a value for every name: got an odd number of strings.',
    );
  }
  const collected = noHeaders();
  for (let index = 0; index < headers.length; index += 2) {
    collect(collected, headers[index], headers[index + 1]);
  }
  return collected;
};

const collectFromPairs = (headers: HeaderPairs): CollectedHeaders => {
  const collected = noHeaders();
  for (const pair of headers) {
    assertPair(pair);
    collect(collected, pair[0], pair[1]);
  }
  return collected;
};

const noHeaders = (): CollectedHeaders => ({
  keyId: '',
  timestamp: '',
  signature: '',
  contentEncoding: '',
  occurrences: 0,
});

const [KEY, TIMESTAMP, SIGNATURE, CONTENT_ENCODING] = [...AUTHENTICATION_HEADERS, 'Content-Encoding'].map(
  (name) => name.toLowerCase(),
) as [string, string, string, string];

const collect = (collected: CollectedHeaders, name: unknown, value: unknown): void => {
  assertString(name, 'The name of each header');
  assertString(value, 'The value of each header');
  if (isNamed(name, KEY)) collected.keyId ||= value;
  else if (isNamed(name, TIMESTAMP)) collected.timestamp ||= value;
  else if (isNamed(name, SIGNATURE)) collected.signature ||= value;
  else {
    if (isNamed(name, CONTENT_ENCODING)) {
      collected.contentEncoding += collected.contentEncoding === '' ? value : `,${value}`;
    }
    return;
  }
  collected.occurrences += 1;
};

// Compares lengths first, which rules out most names at no cost.
const isNamed = (name: string, lowerCaseName: string): boolean =>
  name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName;
