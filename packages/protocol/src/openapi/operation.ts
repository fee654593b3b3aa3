import type { z } from 'zod';
import type { Endpoint } from '../endpoint.ts';
import { bodyName, responseName } from './component-schemas.ts';
import { type JsonObject, reference, toInputSchema } from './json-schema.ts';
import { rejectionResponses } from './rejection-responses.ts';

/** The operation object of an endpoint. */
export const toOperation = (operationId: string, endpoint: Endpoint): JsonObject => {
  const { name, summary, permission, body, rejections = [] } = endpoint;
  const parameters = [
    ...toParameters(endpoint.pathParameters, 'path'),
    ...toParameters(endpoint.query, 'query'),
  ];
  const own = [
    ...rejections,
    ...(permission === null ? [] : (['missing_permission'] as const)),
    ...(body === null ? [] : (['malformed_json_body'] as const)),
  ];
  return {
    operationId,
    summary,
    description: permission === null ? 'Needs no permission.' : `Needs the permission \`${permission}\`.`,
    tags: [name.split('.', 1)[0]],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: jsonOf(bodyName(operationId)) } }),
    responses: {
      200: { description: 'OK', content: jsonOf(responseName(operationId)) },
      ...rejectionResponses(own),
    },
  };
};

/** Content of one named schema. */
export const jsonOf = (schema: string) => ({ 'application/json': { schema: reference('schemas', schema) } });

const toParameters = (schema: z.ZodObject, location: 'path' | 'query'): JsonObject[] => {
  const { properties = {}, required = [] } = toInputSchema(schema) as {
    readonly properties?: Readonly<Record<string, JsonObject>>;
    readonly required?: readonly string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: location,
    required: required.includes(name),
    schema: property,
  }));
};
