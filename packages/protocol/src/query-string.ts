import { ProtocolError } from './protocol-error.ts';

/** What a query parameter may be; `null` and `undefined` leave it out. */
export type QueryValue = string | number | bigint | boolean | null | undefined;

// encodeURIComponent leaves these five alone, but URL parsers on the way do not (`'` becomes %27).
const escapeSubDelimiter = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;

/**
 * Percent-encodes one value so that no URL parser has a reason to change it: only `A-Z a-z 0-9 - . _ ~` stay as they are.
 *
 * @throws ProtocolError `invalid_query` for text with a lone surrogate, which has no UTF-8 bytes.
 */
export const encodeComponent = (text: string): string => {
  if (!text.isWellFormed()) {
    throw new ProtocolError(
      'invalid_query',
      `Text must be well-formed Unicode: got ${JSON.stringify(text)}.`,
    );
  }
  return encodeURIComponent(text).replace(/[!'()*]/g, escapeSubDelimiter);
};

/**
 * Writes query parameters in the order given, without a leading `?`. `null` and `undefined` values are left out; what is
 * signed and what is sent must be this very string. Contract §1.2.
 *
 * @throws ProtocolError `invalid_query` for arrays, objects, `NaN`, infinities and lone surrogates.
 */
export const encodeQuery = (parameters: Readonly<Record<string, QueryValue>>): string => {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || value === undefined) continue;
    pairs.push(`${encodeComponent(name)}=${encodeComponent(printValue(name, value))}`);
  }
  return pairs.join('&');
};

const printValue = (name: string, value: NonNullable<QueryValue>): string => {
  const isScalar = ['string', 'bigint', 'boolean'].includes(typeof value) || Number.isFinite(value);
  if (!isScalar) {
    throw new ProtocolError(
      'invalid_query',
      `Query parameter ${name} must be a string, a finite number or a boolean: got ${Array.isArray(value) ? 'an array' : `${typeof value} ${String(value)}`}.`,
    );
  }
  return String(value);
};
