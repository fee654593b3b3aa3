import type * as core from 'zod/v4/core';
import * as z from 'zod/v4-mini';
import { assertString, createOptionReader, isArray, quote, readGuarded, wrongType } from '../arguments.ts';
import type { SuccessEnvelope } from '../envelope.ts';
import { type AnyPermission, findPermissionMistake } from '../permissions.ts';
import { ProtocolError } from '../protocol-error.ts';
import { isRejection, REJECTIONS, type RejectionCode } from '../rejections.ts';
import { parseRequestTarget } from '../signing/request-target.ts';
import type { ObjectSchema, Schema } from './schema.ts';

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * One operation of the API, or of a service's own API. Types, validation, the client's resource and the OpenAPI
 * document derive from it. Wire protocol §4.
 */
export interface Endpoint {
  /** Resource and verb, as in the client: `balances.list`. */
  readonly name: string;
  readonly summary: string;
  /** The endpoints of CPG have GET and POST only. */
  readonly method: (typeof METHODS)[number];
  /** With its prefix, `/v1` for the endpoints of CPG; parameters in braces. */
  readonly path: `/${string}`;
  /** `null` when every key may call the endpoint. */
  readonly permission: AnyPermission | null;
  /** Has every parameter of the path, and no other. */
  readonly pathParameters: ObjectSchema;
  /** Unknown parameters are ignored. */
  readonly query: ObjectSchema;
  /** Unknown fields are rejected; `null` when the endpoint reads no body. */
  readonly body: ObjectSchema | null;
  /** The rejections of this endpoint besides those that every endpoint has. */
  readonly rejections?: readonly RejectionCode[];
  /** The whole success envelope. */
  readonly response: Schema<SuccessEnvelope, unknown>;
}

/** The path parameters that a caller passes. */
export type PathParametersOf<E extends Endpoint> = core.input<E['pathParameters']>;
/** The query parameters that a caller passes. */
export type QueryOf<E extends Endpoint> = core.input<E['query']>;
/** The JSON body that a caller passes. */
export type BodyOf<E extends Endpoint> = core.input<NonNullable<E['body']>>;

/** What a handler receives after validation. */
export interface ValidatedRequest<E extends Endpoint = Endpoint> {
  readonly pathParameters: core.output<E['pathParameters']>;
  readonly query: core.output<E['query']>;
  readonly body: E['body'] extends ObjectSchema ? core.output<E['body']> : undefined;
}

/** The success envelope of an endpoint. */
export type ResponseOf<E extends Endpoint> = core.output<E['response']>;
/** The `data` of the success envelope. */
export type DataOf<E extends Endpoint> = ResponseOf<E>['data'];

/** For endpoints without path parameters, or without a query. */
export const NO_PARAMETERS: ObjectSchema<Readonly<Record<never, never>>> = z.object({});

/**
 * Declares an endpoint; checks the definition and freezes it.
 *
 * @throws ProtocolError `invalid_field` for a field that is missing or of the wrong type, `invalid_option`
 * for an unknown one.
 */
export const defineEndpoint = <const E extends Endpoint>(endpoint: E): E => {
  const given = readEndpoint(endpoint);
  return readGuarded('endpoint', () => {
    for (const [name, { expected, test }] of Object.entries(FIELDS)) {
      const value = given[name as keyof Endpoint];
      if (!test(value)) throw wrongType(`${name} of the endpoint`, value, { expected });
    }
    assertPermission(given.permission);
    assertPathParameters(given);
    return Object.freeze(endpoint);
  });
};

/**
 * Whether a text is a path of an endpoint: literal segments, and parameters in braces, at most one in a segment. `:name`
 * and `*` of other routers are not parameters, and a query is not part of it.
 */
export const isPathTemplate = (path: unknown): path is `/${string}` => {
  if (typeof path !== 'string' || /\/[:*]/.test(path) || !hasSingleParameters(path)) return false;
  const target = parseRequestTarget(path.replace(PARAMETER, 'x'));
  return !isRejection(target) && !/[{}?]/.test(path.replace(PARAMETER, ''));
};

// With two, the time to match a path would grow with the square of its length.
const hasSingleParameters = (template: string): boolean =>
  template.split('/').every((segment) => segment.split(PARAMETER).length <= MAX_PARTS);

/** The text before a parameter, its name, and the text behind it. */
const MAX_PARTS = 3;

/**
 * Creates a function that matches a request's path with the path of an endpoint. Compares the signed bytes:
 * nothing is decoded, case matters, and so does a trailing slash.
 *
 * @example createPathMatcher('/v1/withdrawals/{withdrawal_id}')('/v1/withdrawals/7') // → { withdrawal_id:
 * '7' }
 * @returns a function that returns the values of the parameters as sent, or `undefined` for another path
 * @throws ProtocolError `invalid_field` for two parameters in one segment
 */
export const createPathMatcher = (
  template: string,
): ((path: string) => Readonly<Record<string, string>> | undefined) => {
  assertString(template, 'template');
  if (!hasSingleParameters(template)) {
    throw new ProtocolError(
      'invalid_field',
      `template must have at most one parameter between two slashes: got ${quote(template)}.`,
    );
  }
  const names = [...template.matchAll(PARAMETER)].map(([, name]) => name as string);
  const literals = template.split(PARAMETER).filter((_, index) => index % 2 === 0);
  const pattern = new RegExp(`^${literals.map(escapeRegExp).join('([^/]+)')}$`);
  return (path) => {
    assertString(path, 'path');
    const values = pattern.exec(path)?.slice(1);
    return values && Object.fromEntries(values.map((value, index) => [names[index], value]));
  };
};

const assertPermission = (permission: Endpoint['permission']): void => {
  const mistake = permission === null ? undefined : findPermissionMistake(permission);
  if (mistake === undefined) return;
  throw new ProtocolError(
    'invalid_field',
    `permission of the endpoint must ${mistake}: got ${quote(permission as string)}.`,
  );
};

// A parameter without a schema would be stripped; a schema without its parameter would fail for every request.
const assertPathParameters = ({ path, pathParameters }: Endpoint): void => {
  const names = [...path.matchAll(PARAMETER)].map(([, name]) => name as string);
  const isComplete =
    isPathTemplate(path) &&
    new Set(names).size === names.length &&
    names.toSorted().join() === Object.keys(pathParameters.shape).toSorted().join();
  if (isComplete) return;
  throw new ProtocolError(
    'invalid_field',
    `path of the endpoint must be a path without query, with each key of pathParameters once in braces, one in a segment, e.g. /v1/invoices/{invoice_id}: got ${quote(path)}.`,
  );
};

const PARAMETER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/g;
const escapeRegExp = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

const readEndpoint = createOptionReader<Endpoint>(
  'The endpoint',
  ({ name, summary, method, path, permission, pathParameters, query, body, rejections, response }) => ({
    ...{ name, summary, method, path, permission, pathParameters, query, body, response },
    rejections: rejections === undefined ? [] : rejections,
  }),
);

interface FieldRule {
  readonly expected: string;
  readonly test: (value: unknown) => boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isOneOf =
  (list: readonly unknown[]): FieldRule['test'] =>
  (value) =>
    list.includes(value);
const isSchema = (value: unknown): boolean =>
  typeof (value as Schema | null | undefined)?.safeParse === 'function';
const isObjectSchema = (value: unknown): boolean =>
  isSchema(value) && typeof (value as ObjectSchema).shape === 'object';

const FIELDS: Readonly<Record<keyof Endpoint, FieldRule>> = {
  name: { expected: 'a non-empty string', test: isText },
  summary: { expected: 'a non-empty string', test: isText },
  method: { expected: `one of ${METHODS.join(', ')}`, test: isOneOf(METHODS) },
  path: {
    expected: 'a string that begins with /',
    test: (value) => typeof value === 'string' && value.startsWith('/'),
  },
  permission: {
    expected: 'null or the name of a permission',
    test: (value) => value === null || typeof value === 'string',
  },
  pathParameters: { expected: 'a zod object schema', test: isObjectSchema },
  query: { expected: 'a zod object schema', test: isObjectSchema },
  body: {
    expected: 'null or a zod object schema',
    test: (value) => value === null || isObjectSchema(value),
  },
  rejections: {
    expected: 'an array of codes of REJECTIONS',
    test: (value) => isArray(value) && value.every(isOneOf(Object.keys(REJECTIONS))),
  },
  response: { expected: 'a zod schema', test: isSchema },
};
