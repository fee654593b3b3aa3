import { types } from 'node:util';
import { isObject } from '../platform.ts';

export const REDACTED = '[redacted]';

// Far above what one response leads to; a bound on the time for an object that leads to a whole program.
const MAX_VISITED = 20_000;

/**
 * Replaces a text in every property that can be reached from a value, symbols and hidden properties among them, getters
 * aside. For responses and errors of HTTP libraries that keep what they sent in places of their own.
 */
export const redactReachable = (root: unknown, text: string): void => {
  const seen = new Set<unknown>();
  const pending: unknown[] = [root];
  while (pending.length > 0 && seen.size < MAX_VISITED) {
    const value = pending.pop();
    if ((!isObject(value) && typeof value !== 'function') || ArrayBuffer.isView(value) || seen.has(value))
      continue;
    seen.add(value);
    pending.push(...redactOwn(value, text));
    if (types.isMap(value)) pending.push(...redactMap(value, text));
    if (types.isSet(value)) pending.push(...value);
  }
};

/** The values of all data properties, after those that contain the text were replaced. */
const redactOwn = (owner: object, text: string): unknown[] =>
  Reflect.ownKeys(owner).flatMap((key) => {
    const property = Reflect.getOwnPropertyDescriptor(owner, key);
    if (property === undefined || !('value' in property)) return [];
    const value: unknown = property.value;
    if (typeof value !== 'string') return [value];
    if (value.includes(text)) replace(owner, { key, property, value: value.replaceAll(text, REDACTED) });
    return [];
  });

interface Replacement {
  readonly key: PropertyKey;
  readonly property: PropertyDescriptor;
  readonly value: string;
}

const replace = (owner: object, { key, property, value }: Replacement): void => {
  if (property.writable) Reflect.set(owner, key, value);
  else if (property.configurable) Reflect.defineProperty(owner, key, { ...property, value });
};

const redactMap = (map: Map<unknown, unknown>, text: string): unknown[] => {
  for (const [key, value] of map) {
    if (typeof value === 'string' && value.includes(text)) map.set(key, value.replaceAll(text, REDACTED));
  }
  return [...map.keys(), ...map.values()];
};
