import { z } from 'zod';
import type { Permission } from './permission.ts';
import type { RejectionCode } from './rejection.ts';

/** One operation of the API, from which types, validation, the client's resource and the OpenAPI document derive. Contract §4. */
export interface Endpoint {
  /** Resource and verb, as in the client: `balances.list`. */
  readonly name: string;
  readonly summary: string;
  readonly method: 'GET' | 'POST';
  /** With the `/v1` prefix; parameters in braces. */
  readonly path: `/v1/${string}`;
  /** `null`: any valid signature will do. */
  readonly permission: Permission | null;
  readonly pathParameters: z.ZodObject;
  /** Unknown parameters are ignored. */
  readonly query: z.ZodObject;
  /** `null`: the endpoint reads no body. Unknown fields are refused. */
  readonly body: z.ZodObject | null;
  /** What it refuses with on top of what every endpoint does. */
  readonly rejections?: readonly RejectionCode[];
  /** The whole success envelope. */
  readonly response: z.ZodType<{ readonly success: true; readonly message: string; readonly data: unknown }>;
}

/** What a caller passes: path parameters, query and body as written before validation. */
export type PathParametersOf<E extends Endpoint> = z.input<E['pathParameters']>;
/** The query parameters that a caller passes. */
export type QueryOf<E extends Endpoint> = z.input<E['query']>;
/** The JSON body that a caller passes. */
export type BodyOf<E extends Endpoint> = z.input<NonNullable<E['body']>>;

/** What a handler receives after validation. */
export interface ValidatedRequest<E extends Endpoint = Endpoint> {
  readonly pathParameters: z.output<E['pathParameters']>;
  readonly query: z.output<E['query']>;
  readonly body: E['body'] extends z.ZodType ? z.output<E['body']> : undefined;
}

/** The success envelope of an endpoint, and the data in it. */
export type ResponseOf<E extends Endpoint> = z.output<E['response']>;
/** The `data` of the success envelope. */
export type DataOf<E extends Endpoint> = ResponseOf<E>['data'];

/** For endpoints without path parameters, or without a query. */
export const NO_PARAMETERS = z.object({});

/** Declares an endpoint; checks the definition's type and freezes it. */
export const defineEndpoint = <const E extends Endpoint>(endpoint: E): E => Object.freeze(endpoint);
