import {
  type Endpoint,
  encodeComponent,
  encodeQuery,
  formatRequestTarget,
  isRejection,
  ProtocolError,
  parseRequestTarget,
  type QueryValue,
  validateRequest,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { findNearest } from '../guards.ts';
import { asBytes, describe, encodeText, isObject } from '../platform.ts';
import type { RequestBytes } from '../signing/request-signer.ts';
import { CALL_RULES } from './call-scope.ts';

/** The arguments of a call, with their names on the wire. */
export interface CallArguments {
  readonly pathParameters?: Readonly<Record<string, unknown>>;
  readonly query?: object;
  readonly body?: object;
}

/** The fields of a body. A value that is not an object has none, so validation names the missing fields. */
export const asFields = <Body extends object>(body: Body): Body => (isObject(body) ? body : ({} as Body));

const invalid = (endpoint: Endpoint, problem: string, cause?: unknown): CpgError =>
  new CpgError('invalid_request', `${endpoint.name}: ${problem}`, { cause });

/**
 * Turns arguments into the bytes to sign and send: the percent-encoded target, in the order given, and the
 * JSON body. These bytes are final (wire protocol §6, rule 1).
 *
 * @throws CpgError `invalid_request` for arguments that every gateway would reject, and for unknown query
 * parameters: the gateway ignores them, so a misspelled filter would return everything.
 */
export const buildRequest = (endpoint: Endpoint, given: CallArguments): RequestBytes => {
  if (given.query !== undefined && !isObject(given.query)) {
    throw invalid(endpoint, `the query must be an object: got ${describe(given.query)}.`);
  }
  const filters = Object.keys(endpoint.query.shape);
  const unknown = Object.keys(given.query ?? {}).find((name) => !filters.includes(name));
  if (unknown !== undefined) throw invalid(endpoint, formatUnknown(unknown, filters));
  const option = Object.keys(given.body ?? {}).find((name) => OPTIONS.includes(name));
  if (option !== undefined) throw invalid(endpoint, formatUnknown(option, []));
  const query = writeQuery(endpoint, given.query ?? {});
  const pathParameters = formatPathParameters(endpoint, given.pathParameters);
  const request = { pathParameters, query, body: given.body };
  const validated = validateRequest(endpoint, request);
  if (isRejection(validated)) throw invalid(endpoint, validated.message);
  const path = fillPath(endpoint.path, validated.pathParameters as Readonly<Record<string, unknown>>);
  return {
    method: endpoint.method,
    target: formatRequestTarget({ path, query }),
    body: endpoint.body === null ? undefined : encodeText(JSON.stringify(validated.body)),
  };
};

const writeQuery = (endpoint: Endpoint, query: object): string => {
  try {
    return encodeQuery(query as Readonly<Record<string, QueryValue>>);
  } catch (error) {
    if (ProtocolError.is(error)) throw invalid(endpoint, error.message, error);
    throw error;
  }
};

const OPTIONS = Object.keys(CALL_RULES);

const formatUnknown = (name: string, known: readonly string[]): string => {
  const nearest = findNearest(name, known);
  const hint = nearest === undefined ? '' : `. Did you mean ${nearest}?`;
  const fix = OPTIONS.includes(name)
    ? '. Fix: pass options in an argument of their own, after this one.'
    : hint;
  return `${name}: Unexpected field${fix}`;
};

const PRINTABLE = ['string', 'number', 'bigint'];

/** Ids as text. Other values are rejected here, because some cannot be converted to a string. */
const formatPathParameters = (
  endpoint: Endpoint,
  values: Readonly<Record<string, unknown>> = {},
): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (!PRINTABLE.includes(typeof value)) {
        throw invalid(endpoint, `${name}: Input should be a valid integer: got ${describe(value)}`);
      }
      return [name, String(value)];
    }),
  );

const fillPath = (template: string, values: Readonly<Record<string, unknown>>): string =>
  template.includes('{')
    ? template.replace(/\{([a-z_]+)\}/g, (_, name: string) => encodeComponent(String(values[name])))
    : template;

/** A request of an endpoint that has no types yet. */
export interface RequestToBuild {
  readonly method: string;
  readonly target: string;
  readonly body?: unknown;
}

/** The name of such a call in errors, hooks and logs: method and path. */
export const getOperation = ({ method, target }: RequestToBuild): string => {
  const [path = ''] = typeof target === 'string' ? target.split('?') : [];
  const name = typeof method === 'string' && METHODS.test(method) ? method.toUpperCase() : 'request';
  return isRejection(parseRequestTarget(path)) ? name : `${name} ${path}`;
};

// A HEAD has no envelope, and the gateway knows no others.
const METHODS = /^(?:GET|POST|PUT|PATCH|DELETE)$/i;

/** @throws CpgError `invalid_request` for what cannot be signed or would not be sent as it is. */
export const buildAnyRequest = (origin: string, toBuild: RequestToBuild): RequestBytes => {
  const { method, target, body } = toBuild;
  const reject = (problem: string): never => {
    throw new CpgError('invalid_request', `${getOperation(toBuild)}: ${problem}`);
  };
  if (typeof method !== 'string' || !METHODS.test(method)) {
    return reject(`the method must be GET, POST, PUT, PATCH or DELETE: got ${describe(method)}.`);
  }
  if (typeof target !== 'string' || isRejection(parseRequestTarget(target))) {
    return reject(
      `the target must be a path with an optional query, percent-encoded, e.g. "/v1/balances?currency=USDT": got ${describe(target)}.`,
    );
  }
  const { pathname, search } = new URL(`${origin}${target}`);
  // HTTP libraries would send this form, which is not what was signed.
  if (`${pathname}${search}` !== target) {
    return reject(`the target must be normalized. Fix: ${JSON.stringify(`${pathname}${search}`)}`);
  }
  const isGet = method.toUpperCase() === 'GET';
  if (isGet && body !== undefined) return reject('a GET request cannot have a body. Fix: write a query.');
  return {
    method: method.toUpperCase(),
    target,
    body: body === undefined ? undefined : encode(body, reject),
  };
};

const encode = (body: unknown, reject: (problem: string) => never): Uint8Array => {
  if (typeof body === 'string') return encodeText(body);
  const bytes = asBytes(body);
  // A copy, because the caller may write into its buffer between two attempts.
  if (bytes !== undefined) return bytes.slice();
  let json: unknown;
  try {
    json = JSON.stringify(body);
  } catch {
    // Its message quotes the value.
  }
  if (typeof json === 'string') return encodeText(json);
  return reject(`the body must be JSON, text or bytes: got ${describe(body)}.`);
};
