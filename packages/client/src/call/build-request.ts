import {
  type Endpoint,
  encodeComponent,
  encodeQuery,
  isRejection,
  ProtocolError,
  printRequestTarget,
  type QueryValue,
  validateRequest,
} from '@cpg/protocol';
import { CpgError } from '../errors/cpg-error.ts';
import { describe, isObject } from '../platform.ts';
import type { RequestBytes } from '../signing/request-signer.ts';

/** The arguments of a call, in wire names. */
export interface CallArguments {
  readonly pathParameters?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
}

/** The fields of a body; for what is no object none, so that validation names those that are missing. */
export const fieldsOf = <Body extends object>(body: Body): Body => (isObject(body) ? body : ({} as Body));

const invalid = (endpoint: Endpoint, problem: string, cause?: unknown): CpgError =>
  new CpgError('invalid_request', `${endpoint.name}: ${problem}`, { cause });

/**
 * Turns arguments into the final bytes: target with every value percent-encoded in the order given, and the JSON body.
 * Nothing after this may change them. Contract §6, rule 1.
 *
 * @throws CpgError `invalid_request` for what every gateway would refuse, and for a query parameter that no gateway knows:
 * a misspelt filter would silently return everything.
 */
export const buildRequest = (endpoint: Endpoint, given: CallArguments): RequestBytes => {
  if (given.query !== undefined && !isObject(given.query)) {
    throw invalid(endpoint, `the query must be an object: got ${describe(given.query)}.`);
  }
  const unknown = Object.keys(given.query ?? {}).find((name) => !Object.hasOwn(endpoint.query.shape, name));
  if (unknown !== undefined) throw invalid(endpoint, `${unknown}: Unexpected field`);
  const query = writeQuery(endpoint, given.query ?? {});
  const request = { pathParameters: printAll(given.pathParameters), query, body: given.body };
  const validated = validateRequest(endpoint, request);
  if (isRejection(validated)) throw invalid(endpoint, validated.message);
  const path = fillPath(endpoint.path, validated.pathParameters);
  return {
    method: endpoint.method,
    target: printRequestTarget({ path, query }),
    body: endpoint.body === null ? undefined : Buffer.from(JSON.stringify(validated.body), 'utf8'),
  };
};

const writeQuery = (endpoint: Endpoint, query: Readonly<Record<string, unknown>>): string => {
  try {
    return encodeQuery(query as Readonly<Record<string, QueryValue>>);
  } catch (error) {
    if (ProtocolError.is(error)) throw invalid(endpoint, error.message, error);
    throw error;
  }
};

const PRINTABLE = ['string', 'number', 'bigint'];

/** What is no id is described, since not every value can be printed; validation rejects either. */
const printAll = (values: Readonly<Record<string, unknown>> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      PRINTABLE.includes(typeof value) ? String(value) : describe(value),
    ]),
  );

const fillPath = (template: string, values: Readonly<Record<string, unknown>>): string =>
  template.replace(/\{([a-z_]+)\}/g, (_, name: string) => encodeComponent(String(values[name])));
