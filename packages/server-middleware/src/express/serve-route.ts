import { isRejection, missingPermission, validateRequest } from '@cpg/protocol';
import type { Request, Response } from 'express';
import { sendRejection } from '../answers/send-rejection.ts';
import { sendSuccess } from '../answers/send-success.ts';
import { takeJsonBody } from './json-body.ts';
import type { Route } from './route.ts';

export interface RouteCall {
  readonly http: Request;
  readonly response: Response;
  readonly pathParameters: Readonly<Record<string, string>>;
  /** As on the wire. */
  readonly query: string;
}

/** Permission, body syntax, schema, handler, answer: the rest of the order of contract §2.1. */
export const serveRoute = async (route: Route, call: RouteCall): Promise<void> => {
  const result = await decide(route, call);
  if (isRejection(result)) sendRejection(call.response, result);
  else sendSuccess(call.response, result);
};

const decide = (route: Route, { http, pathParameters, query }: RouteCall): unknown => {
  const { endpoint, handler } = route;
  const { cpg } = http;
  const { permission } = endpoint;
  if (permission !== null && !cpg.permissions.includes(permission)) return missingPermission(permission);

  const json = endpoint.body === null ? { value: undefined } : takeJsonBody(http);
  if (isRejection(json)) return json;

  const validated = validateRequest(endpoint, { pathParameters, query, body: json.value });
  return isRejection(validated) ? validated : handler({ ...validated, cpg, http });
};
