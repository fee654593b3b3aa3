import { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts';

const MAX_QUOTED_CHARACTERS = 100;

/** `Array.isArray`, but `false` for a revoked proxy, for which it throws. */
export const isArray = (value: unknown): value is readonly unknown[] => {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
};

/**
 * Names the type of an argument for an error message, never its value: it may be a secret in the wrong place.
 */
export const typeName = (value: unknown): string => {
  if (value === null) return 'null';
  if (isArray(value)) return 'an array';
  return Number.isNaN(value) ? 'NaN' : typeof value;
};

/** Quotes a text that cannot be a secret: shortened when it is long, with invisible characters escaped. */
export const quote = (text: string): string => {
  const shown = JSON.stringify(text.slice(0, MAX_QUOTED_CHARACTERS)).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
  return text.length > MAX_QUOTED_CHARACTERS ? `${shown}… (${text.length} characters)` : shown;
};

interface Expectation {
  /** What the argument must be, after "must be". */
  readonly expected: string;
  readonly code?: ProtocolErrorCode;
}

/**
 * The error for an argument of the wrong type: names the argument, the expected type and the received type.
 */
export const wrongType = (
  name: string,
  received: unknown,
  { expected, code = 'invalid_field' }: Expectation,
): ProtocolError => new ProtocolError(code, `${name} must be ${expected}: got ${typeName(received)}.`);

/** @throws ProtocolError `invalid_field`, or the code given, for anything but a string. */
export const assertString: (
  value: unknown,
  name: string,
  code?: ProtocolErrorCode,
) => asserts value is string = (value, name, code = 'invalid_field') => {
  if (typeof value !== 'string') throw wrongType(name, value, { expected: 'a string', code });
};

/**
 * Reads an object that the caller passed, whose getters, proxy traps or methods may throw.
 *
 * @throws ProtocolError `invalid_field` for any error but a ProtocolError; the original becomes its cause.
 */
export const readGuarded = <Result>(name: string, read: () => Result): Result => {
  try {
    return read();
  } catch (cause) {
    throw unreadable(name, cause);
  }
};

const unreadable = (name: string, cause: unknown): ProtocolError =>
  ProtocolError.is(cause)
    ? cause
    : new ProtocolError(
        'invalid_field',
        `${name} could not be read: one of its properties throws an error.`,
        {
          cause,
        },
      );

const assertObject = (value: unknown, name: string): void => {
  if (typeof value !== 'object' || value === null) throw wrongType(name, value, { expected: 'an object' });
};

/** Creates a function that reads each field of an object once and ignores unknown fields. */
export const createFieldReader =
  <Fields extends object>(name: string, pick: (given: Fields) => Fields) =>
  (given: Fields): Fields => {
    assertObject(given, name);
    try {
      return pick(given);
    } catch (cause) {
      throw unreadable(name, cause);
    }
  };

/**
 * Creates a function that reads each option of an options object once.
 *
 * @throws ProtocolError `invalid_option` for an unknown option: a misspelt `body` would sign an empty body.
 */
export const createOptionReader = <Options extends object>(
  name: string,
  pick: (given: Options) => Options,
): ((given: Options) => Options) => {
  const known = new Set(Object.keys(pick({} as Options)));
  return (given) => {
    assertObject(given, name);
    try {
      for (const option of Object.keys(given))
        if (!known.has(option)) throw unknownOption(name, option, known);
      return pick(given);
    } catch (cause) {
      throw unreadable(name, cause);
    }
  };
};

const unknownOption = (name: string, option: string, known: ReadonlySet<string>): ProtocolError =>
  new ProtocolError(
    'invalid_option',
    `${name} has an unknown option ${quote(option)}. Known options: ${[...known].join(', ')}.`,
  );

// The only check that accepts a Uint8Array of another realm, and no proxy and no prototype of one.
const readTypedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether a value is a `Uint8Array`, of any realm. */
const isBytes = (value: unknown): value is Uint8Array => readTypedArrayTag.call(value) === 'Uint8Array';

/**
 * Rejects a body that is not bytes, such as parsed JSON.
 *
 * @throws ProtocolError `invalid_body` for anything that is not a `Uint8Array` (a `Buffer` is one).
 */
export const assertBytes: (body: unknown) => asserts body is Uint8Array = (body) => {
  if (isBytes(body)) return;
  throw new ProtocolError(
    'invalid_body',
    `Body must be a Uint8Array of the bytes on the wire: got ${typeName(body)}. A sender encodes it once with Buffer.from(text, 'utf8'), then signs and sends that buffer; a receiver keeps the raw bytes, e.g. with express.raw().`,
  );
};
