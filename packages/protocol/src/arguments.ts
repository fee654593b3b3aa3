import { ProtocolError, type ProtocolErrorCode } from './protocol-error.ts';

const MAX_QUOTED_CHARACTERS = 100;

/** `Array.isArray`, which throws for a revoked proxy. */
export const isArray = (value: unknown): value is readonly unknown[] => {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
};

/** Names the type of an argument for an error message. Never its value, which may be a secret in the wrong place. */
export const typeName = (value: unknown): string => {
  if (value === null) return 'null';
  if (isArray(value)) return 'an array';
  return Number.isNaN(value) ? 'NaN' : typeof value;
};

/** Quotes a text that is known not to be a secret; shows the start of a long one, and escapes what is not visible. */
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

/** The error for an argument of the wrong type: names the argument, what it must be, and the type that it has. */
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
 * Runs code that reads an object of the caller's, whose getters, proxies or methods may throw.
 *
 * @throws ProtocolError `invalid_field` in place of any other error, which becomes its cause.
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

/** Makes a function that reads the fields of an object, each once, and ignores other ones. */
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
 * Makes a function that reads an object of options, each once.
 *
 * @throws ProtocolError `invalid_option` for a name that is none of the options: a misspelt `body` would sign an empty one.
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

// The one test that a Uint8Array of another realm passes, and that no proxy or prototype can pretend to.
const readTypedArrayTag = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)?.get as (this: unknown) => string | undefined;

/** Whether a value is a `Uint8Array`, of this realm or another one. */
export const isBytes = (value: unknown): value is Uint8Array =>
  readTypedArrayTag.call(value) === 'Uint8Array';

/**
 * Refuses a body that is not made of bytes, such as one that a JSON parser has already read.
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
