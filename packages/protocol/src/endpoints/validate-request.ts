import { assertString, createFieldReader, createOptionReader, readGuarded, wrongType } from '../arguments.ts';
import { type Rejection, validationFailed } from '../rejections.ts';
import { type Endpoint, NO_PARAMETERS, type ResponseOf, type ValidatedRequest } from './endpoint.ts';
import type { ObjectSchema, ParseResult } from './schema.ts';
import { formatIssues, wireMessage } from './wire-message.ts';

/** The parts of a request that the schemas of an endpoint validate. */
export interface UnvalidatedRequest {
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The query exactly as on the wire. */
  readonly query: string;
  /** The parsed JSON body; ignored when the endpoint reads no body. */
  readonly body?: unknown;
}

/**
 * Validates path parameters, query and body, in this order, with the schemas of an endpoint. Returns the
 * validated parts, or the 422 rejection, whose message names every invalid field of the first invalid part.
 * Wire protocol §3, §4.
 *
 * @throws ProtocolError `invalid_field` when the endpoint has no schemas, the query is not a string, or
 * reading a part throws; `invalid_option` for an unknown part.
 */
export const validateRequest = <E extends Endpoint>(
  endpoint: E,
  request: UnvalidatedRequest,
): ValidatedRequest<E> | Rejection => {
  const schemas = readSchemas(endpoint);
  const given = readRequest(request);
  assertString(given.query, 'query');
  for (const name of PARTS) readGuarded('endpoint', () => assertSchema(name, schemas[name]));
  const query = readQuery(given.query, schemas.query);
  const parts: [name: string, schema: ObjectSchema | null, input: unknown][] = [
    ['pathParameters', schemas.pathParameters, given.pathParameters],
    ['query', schemas.query, query.values],
    ['body', schemas.body, given.body],
  ];
  const validated: Record<string, unknown> = { body: undefined };
  for (const [name, schema, input] of parts) {
    if (schema === null) continue;
    if (name === 'query' && query.repeated.length > 0) {
      return validationFailed(
        query.repeated.map((field) => `${field}: Input should be given only once`).join('; '),
      );
    }
    const result = readGuarded(name, () => parsePart(schema, input));
    if (!result.success) return validationFailed(formatIssues(result.error.issues));
    validated[name] = result.data;
  }
  return validated as unknown as ValidatedRequest<E>;
};

/** `null` is absent, unless the schema takes it. Wire protocol §4. */
const parsePart = (schema: ObjectSchema, input: unknown): ParseResult<object> => {
  // Most endpoints have no path parameters. Takes zod's time for every request otherwise.
  if (schema === NO_PARAMETERS && typeof input === 'object' && input !== null && !Array.isArray(input))
    return { success: true, data: {} };
  const result = schema.safeParse(input, { error: wireMessage });
  const isNull = (field: unknown) => (input as Readonly<Record<string, unknown>>)[String(field)] === null;
  const fields = (result.error?.issues ?? [])
    .filter(({ path }) => path.length === 1 && isNull(path[0]))
    .map(({ path }) => path[0]);
  if (fields.length === 0) return result;
  const given = Object.entries(input as object).filter(([field]) => !fields.includes(field));
  return schema.safeParse(Object.fromEntries(given), { error: wireMessage });
};

/**
 * Validates the parsed JSON of a successful response with the schema of an endpoint. Unknown fields are kept. Wire
 * protocol §3, §6 rule 8.
 *
 * @example
 * const parsed = validateResponse(endpoints.listBalances, JSON.parse(text));
 * if (!parsed.success) throw new Error(parsed.error.issues[0]?.path.join('.'));
 * @returns the envelope as `data`, or `issues` with `path` and `message`: the result of zod's `safeParse`.
 * @throws ProtocolError `invalid_field` when the endpoint has no schema, or reading the response throws.
 */
export const validateResponse = <E extends Endpoint>(
  endpoint: E,
  response: unknown,
): ParseResult<ResponseOf<E>> => {
  const schema = readResponseSchema(endpoint).response;
  readGuarded('endpoint', () => {
    if (typeof schema?.safeParse !== 'function') {
      throw wrongType('response of the endpoint', schema, { expected: 'a zod schema' });
    }
  });
  return readGuarded('response', () => schema.safeParse(response, { error: wireMessage })) as ParseResult<
    ResponseOf<E>
  >;
};

const readResponseSchema = createFieldReader<Pick<Endpoint, 'response'>>('endpoint', ({ response }) => ({
  response,
}));

const PARTS = ['pathParameters', 'query', 'body'] as const;

const readSchemas = createFieldReader<Pick<Endpoint, 'pathParameters' | 'query' | 'body'>>(
  'endpoint',
  ({ pathParameters, query, body }) => ({ pathParameters, query, body }),
);

const readRequest = createOptionReader<UnvalidatedRequest>(
  'The request to validate',
  ({ pathParameters, query, body }) => ({ pathParameters, query, body }),
);

const assertSchema = (part: (typeof PARTS)[number], schema: ObjectSchema | null): void => {
  if (schema === null && part === 'body') return;
  if (typeof schema?.safeParse !== 'function' || typeof schema.shape !== 'object') {
    throw wrongType(`${part} of the endpoint`, schema, { expected: 'a zod object schema' });
  }
};

const readQuery = (query: string, schema: ObjectSchema) => {
  const values: Record<string, string> = {};
  const repeated: string[] = [];
  const names = Object.keys(schema.shape);
  if (query === '' || names.length === 0) return { values, repeated };
  const given = new URLSearchParams(query);
  for (const name of names) {
    const all = given.getAll(name);
    if (all[0] !== undefined) values[name] = all[0];
    if (all.length > 1) repeated.push(name);
  }
  return { values, repeated };
};
