import { types } from 'node:util';

/*
 * Classes of the platform exist more than once in a process: npm's undici and node-fetch bring their own, and a `vm`
 * context or a jsdom has another set. So values are told by what they can do, never by `instanceof`.
 */

/** Any object but `null`; a function is none. */
export const isObject = (value: unknown): value is Readonly<Record<PropertyKey, unknown>> =>
  typeof value === 'object' && value !== null;

const hasMethods = (value: unknown, ...names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => typeof value[name] === 'function');

export const isAbortSignal = (value: unknown): value is AbortSignal =>
  hasMethods(value, 'addEventListener', 'removeEventListener') &&
  typeof (value as { readonly aborted?: unknown }).aborted === 'boolean';

/** What all Fetch `Headers` and axios' headers can do. */
export interface HeadersLike {
  get(name: string): string | null | undefined;
}

/** A `Map` looks headers up by exact name, so that it is none. */
export const isHeadersLike = (value: unknown): value is HeadersLike =>
  hasMethods(value, 'get', 'has', 'set', 'delete') && !types.isMap(value);

/** What is read of a Fetch `Request`. */
export interface RequestLike {
  readonly url: string;
  readonly method: string;
  readonly headers: Iterable<readonly [string, string]>;
  readonly body: unknown;
  readonly signal?: AbortSignal | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export const isRequestLike = (value: unknown): value is RequestLike =>
  hasMethods(value, 'arrayBuffer') &&
  typeof (value as RequestLike).url === 'string' &&
  typeof (value as RequestLike).method === 'string' &&
  isIterable((value as RequestLike).headers);

export const isUrlLike = (value: unknown): value is { readonly href: string } =>
  isObject(value) && typeof value.href === 'string' && typeof value.origin === 'string';

export const isIterable = (value: unknown): value is Iterable<unknown> =>
  isObject(value) && typeof value[Symbol.iterator] === 'function';

/** The bytes of a buffer or view of any realm, as a `Buffer` over the same memory; `undefined` for anything else. */
export const bytesOf = (value: unknown): Buffer | undefined => {
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return types.isAnyArrayBuffer(value) ? Buffer.from(value) : undefined;
};

/** A `Uint8Array`, of any realm. */
export const isUint8Array = (value: unknown): value is Uint8Array => types.isUint8Array(value);

/** `URLSearchParams`, `Blob`, `File` or `FormData`, by the tag that all implementations carry. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** Readable text for an error message: never a secret's place, never throws, never long. */
export const describe = (value: unknown): string => {
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'symbol' ? 'a symbol' : `an object (${tagOf(value)})`;
};
