/*
 * A process may have several copies of a platform class: npm's undici and node-fetch bring their own, and so do `vm`
 * contexts and jsdom. Values are therefore recognized by their methods, never by `instanceof`.
 */

/** Whether a value is an object, neither `null` nor a function. */
export const isObject = (value: unknown): value is Readonly<Record<PropertyKey, unknown>> =>
  typeof value === 'object' && value !== null;

const hasMethods = (value: unknown, ...names: readonly string[]): boolean =>
  isObject(value) && names.every((name) => typeof value[name] === 'function');

export const isAbortSignal = (value: unknown): value is AbortSignal =>
  hasMethods(value, 'addEventListener', 'removeEventListener') &&
  typeof (value as { readonly aborted?: unknown }).aborted === 'boolean';

/** The common part of Fetch `Headers` and axios' headers. */
export interface HeadersLike {
  get(name: string): string | null | undefined;
}

/** A `Map` does not count, because its names are case-sensitive. */
export const isHeadersLike = (value: unknown): value is HeadersLike =>
  hasMethods(value, 'get', 'has', 'set', 'delete') && !isMap(value);

/** The parts of a Fetch `Request` that are read. */
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

/** The value if it is a string, as header values of HTTP libraries may be of many types. */
export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The memory of an ArrayBuffer or view of any realm as bytes; `undefined` for any other value. */
export const asBytes = (value: unknown): Uint8Array<ArrayBuffer> | undefined => {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  }
  return isArrayBuffer(value) ? new Uint8Array(value) : undefined;
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The UTF-8 bytes of a text. */
export const encodeText = (text: string): Uint8Array<ArrayBuffer> => encoder.encode(text);

/** The text of UTF-8 bytes, leniently. */
export const decodeText = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Whether a value is a `Map` of any realm. */
export const isMap = (value: unknown): value is Map<unknown, unknown> =>
  hasSlot(Map.prototype, 'size', value);

/** Whether a value is a `Set` of any realm. */
export const isSet = (value: unknown): value is Set<unknown> => hasSlot(Set.prototype, 'size', value);

const isArrayBuffer = (value: unknown): value is ArrayBuffer =>
  hasSlot(ArrayBuffer.prototype, 'byteLength', value) ||
  (typeof SharedArrayBuffer !== 'undefined' && hasSlot(SharedArrayBuffer.prototype, 'byteLength', value));

/** The result of a getter of a built-in class, which throws for values of other classes, in every realm. */
const readSlot = (prototype: object, name: PropertyKey, value: unknown): unknown =>
  Object.getOwnPropertyDescriptor(prototype, name)?.get?.call(value);

const hasSlot = (prototype: object, name: PropertyKey, value: unknown): boolean => {
  try {
    return isObject(value) && readSlot(prototype, name, value) !== undefined;
  } catch {
    return false;
  }
};

/**
 * The class name of `URLSearchParams`, `Blob`, `File` or `FormData`, which all implementations have as their
 * tag.
 */
export const getTag = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/**
 * A short description for error messages. Never contains a string's text, which may be a secret, and never
 * throws.
 */
export const describe = (value: unknown): string => {
  if (typeof value === 'string') return value === '' ? 'an empty string' : 'a string';
  if (value === undefined || value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'symbol' ? 'a symbol' : `an object (${getTag(value)})`;
};

/** The JavaScript runtime, as far as this package behaves differently in it. */
export type RuntimeName = 'node' | 'bun' | 'deno' | 'workerd' | 'other';

interface Runtime {
  readonly name: RuntimeName;
  /** Empty if unknown. */
  readonly version: string;
}

/** Read when needed: bundlers and edge runtimes may define `process` late, or not at all. */
export const getRuntime = (): Runtime => {
  const { process, navigator } = globalThis as {
    readonly process?: { readonly versions?: Readonly<Record<string, string | undefined>> };
    readonly navigator?: { readonly userAgent?: string };
  };
  if (navigator?.userAgent === 'Cloudflare-Workers') return { name: 'workerd', version: '' };
  // Bun and Deno have a version of Node.js too.
  const name = (['bun', 'deno', 'node'] as const).find((each) => process?.versions?.[each] !== undefined);
  return { name: name ?? 'other', version: (name && process?.versions?.[name]) ?? '' };
};

/** An environment variable; `undefined` where there is none, or where the program may not read it. */
export const readVariable = (name: string): string | undefined => {
  const { process } = globalThis as {
    readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> };
  };
  try {
    return process?.env?.[name];
  } catch {
    return undefined;
  }
};

/** The modules of Node.js that only some runtimes have. */
interface NodeModules {
  readonly 'node:http': typeof import('node:http');
  readonly 'node:https': typeof import('node:https');
  readonly 'node:stream': typeof import('node:stream');
  readonly 'node:zlib': typeof import('node:zlib');
}

/** A module of Node.js. Bundles for other runtimes do not try to include it. */
export const getNodeModule = <Name extends keyof NodeModules>(name: Name): NodeModules[Name] =>
  process.getBuiltinModule(name);
