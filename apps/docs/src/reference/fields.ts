import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from '../highlight.ts';
import { REPOSITORY, renderInline } from '../markdown.ts';

/** The part of a JSON Schema that the document of the API uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly 'x-extensible-enum'?: readonly string[];
}

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: JsonSchema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> }>
  >;
}

const OPENAPI = JSON.parse(readFileSync(join(REPOSITORY, 'packages/protocol/openapi.json'), 'utf8')) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
};

/** What the document of the API, which is generated from the endpoint definitions, says of an endpoint. */
export const findOperation = (method: string, path: string): Operation => {
  const operation = OPENAPI.paths[path]?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`Expected ${method} ${path} in openapi.json: got none.`);
  return operation;
};

const SOURCES = [
  'endpoints/create-deposit-address',
  'endpoints/create-withdrawal',
  'endpoints/get-deposit-request',
  'endpoints/get-hot-wallet',
  'endpoints/get-withdrawal',
  'endpoints/list-balances',
  'endpoints/list-currencies',
  'endpoints/list-transactions',
  'endpoints/ping',
  'webhooks/events',
  'envelope',
];

type FieldTexts = Readonly<Record<string, string>>;

const INTERFACE = /^export interface (\w+)[^{]*\{\n([\s\S]*?)^\}/gm;
const FIELD = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+readonly (\w+)\??:/g;

/** The text of a docstring, in one line of Markdown. */
export const readComment = (comment: string): string =>
  comment
    .replaceAll(/^\s*\*? ?/gm, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll(/@default \S+/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The docstrings of the fields of each interface that a schema is typed with. */
const TEXTS: ReadonlyMap<string, FieldTexts> = new Map(
  SOURCES.flatMap((source) => {
    const text = readFileSync(join(REPOSITORY, 'packages/protocol/src', `${source}.ts`), 'utf8');
    return [...text.matchAll(INTERFACE)].map(([, name = '', body = '']) => {
      const fields = [...body.matchAll(FIELD)].map(([, comment = '', field = '']) => [
        field,
        readComment(comment),
      ]);
      return [name, Object.fromEntries(fields)] as const;
    });
  }),
);

// Said to TypeScript programs, not to readers of the API.
const COMPILER_NOTE = / A number is a compile error: `0\.1 \+ 0\.2` is not `0\.3`\./;

/** @throws Error for a field without a docstring: the reference would be incomplete. */
const describeField = (type: string, field: string): string => {
  const text = TEXTS.get(type)?.[field];
  if (text === undefined) throw new Error(`Expected a docstring of ${type}.${field}: got none.`);
  return text;
};

const nameOf = ({ $ref = '' }: JsonSchema): string => $ref.slice($ref.lastIndexOf('/') + 1);

export const findSchema = (name: string): JsonSchema => {
  const schema = OPENAPI.components.schemas[name];
  if (schema === undefined) throw new Error(`Expected the schema ${name} in openapi.json: got none.`);
  return schema;
};

const resolve = (schema: JsonSchema): JsonSchema =>
  schema.$ref === undefined ? schema : findSchema(nameOf(schema));

const isDecimal = ({ pattern = '' }: JsonSchema): boolean => pattern.startsWith('^-?(?:0|[1-9]');

const formatType = (schema: JsonSchema): string => {
  if (schema.$ref !== undefined) return 'object';
  if (schema.anyOf !== undefined) return schema.anyOf.map(formatType).join(' or ');
  if (isDecimal(schema)) return 'decimal string';
  if (schema.items !== undefined) return 'array of objects';
  return [schema.type ?? []].flat().join(' or ');
};

/** What the schema says of a value beyond its type. */
const formatLimits = (schema: JsonSchema): string[] => {
  const { minimum, maximum, minLength, maxLength } = schema.anyOf?.[0] ?? schema;
  const code = (values: readonly string[]) => values.map((value) => `<code>${escapeHtml(value)}</code>`);
  const listed = schema.enum ?? schema['x-extensible-enum'];
  return [
    ...(listed === undefined ? [] : [`One of ${code(listed).join(', ')}.`]),
    ...(schema.const === undefined ? [] : [`Always <code>${escapeHtml(String(schema.const))}</code>.`]),
    ...(maxLength === undefined ? [] : [`${minLength ?? 0} to ${maxLength} characters.`]),
    ...(maximum === undefined ? [] : [`${minimum ?? 0} to ${maximum}.`]),
    ...(schema.default === undefined ? [] : [`Default <code>${schema.default}</code>.`]),
  ];
};

/** A row of a table of parameters or fields. */
export interface Field {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
  /** Markdown. */
  readonly text: string;
}

/** A table of fields or parameters. `isRequest` shows which ones are required. */
export const fieldTable = (fields: readonly Field[], isRequest = false): string => {
  const rows = fields.map(({ name, schema, isRequired, text }) => {
    const required = isRequired ? '<span class="required">required</span>' : 'optional';
    const limits = formatLimits(schema).filter((limit) => !isRequest || !text.includes(limit.slice(0, 12)));
    const description = [renderInline(text), ...limits].join(' ');
    return `<tr><td><code>${name}</code></td><td class="type">${formatType(schema)}${isRequest ? `, ${required}` : ''}</td><td>${description}</td></tr>`;
  });
  const head = `<th scope="col">${isRequest ? 'Parameter' : 'Field'}</th><th scope="col">Type</th><th scope="col">Description</th>`;
  return `<div class="table fields" tabindex="0" role="group" aria-label="Table"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
};

/** The fields of a named schema, with the docstrings of its interface. */
export const fieldsOf = (schema: JsonSchema, type = nameOf(schema)): Field[] => {
  const { properties = {}, required = [] } = resolve(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    schema: property,
    isRequired: required.includes(name),
    text: [describeField(type, name).replace(COMPILER_NOTE, ''), property.description ?? ''].join(' ').trim(),
  }));
};

/** A schema inside another: the row of a list, or the object itself. */
export const innerSchema = (schema: JsonSchema): JsonSchema => schema.items ?? schema;
