import { z } from 'zod';

/** A part of the document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Points at a component. */
export const reference = (kind: 'schemas' | 'parameters' | 'headers' | 'responses', name: string) => ({
  $ref: `#/components/${kind}/${name}`,
});

type Override = NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override'];

const tidy: Override = ({ zodSchema, jsonSchema }) => {
  // zod leaves a default out where the input is transformed, though no transformation applies to it.
  if (zodSchema instanceof z.ZodDefault) jsonSchema.default = zodSchema.def.defaultValue as number;
  // A schema that states its type on the wire stands for the union of what JavaScript callers may pass.
  if (jsonSchema.type !== undefined) delete jsonSchema.anyOf;
  // Where JavaScript stops counting is no rule of the protocol.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
};

/** JSON Schemas of named zod schemas, which refer to each other by name. */
export const toSchemas = (named: Readonly<Record<string, z.ZodType>>, io: 'input' | 'output'): JsonObject => {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const uri = (id: string) => reference('schemas', id).$ref;
  const { schemas } = z.toJSONSchema(registry, { io, uri, unrepresentable: 'any', override: tidy });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
};

/** The JSON Schema of what a caller passes. */
export const toInputSchema = (schema: z.ZodType): JsonObject =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: tidy });
