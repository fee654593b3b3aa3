import { describe, expect, expectTypeOf, it } from 'vitest';
import * as classic from 'zod/v4';
import * as z from 'zod/v4-mini';
import { type ObjectSchema, type Schema, typed } from './schema.ts';

interface Row {
  readonly id: number;
  readonly note: string | null;
  readonly tags?: string[] | undefined;
}

const fields = { id: z.number(), note: z.nullable(z.string()), tags: z.optional(z.array(z.string())) };

describe('typed', () => {
  it('gives a schema the types of the interface, without an index signature', () => {
    const row = typed<Row>()(z.looseObject(fields));
    expectTypeOf(row).toEqualTypeOf<ObjectSchema<Row>>();
    expect(row.parse({ id: 1, note: null, later: 2 })).toEqual({ id: 1, note: null, later: 2 });
    // @ts-expect-error a misspelt field
    expect(row.parse({ id: 1, note: null }).nte).toBeUndefined();
  });

  it('is a compile error where schema and interface differ', () => {
    const { id, note } = fields;
    const schemas = [
      // @ts-expect-error a field is missing
      typed<Row>()(z.looseObject({ id, note })),
      // @ts-expect-error a field is not in the interface
      typed<Row>()(z.looseObject({ ...fields, more: z.string() })),
      // @ts-expect-error a field has another type
      typed<Row>()(z.looseObject({ ...fields, id: z.string() })),
      // @ts-expect-error a field is never null
      typed<Row>()(z.looseObject({ ...fields, note: z.string() })),
      // @ts-expect-error a field may be null
      typed<Row>()(z.looseObject({ ...fields, id: z.nullable(z.number()) })),
      // @ts-expect-error a field is never missing
      typed<Row>()(z.looseObject({ ...fields, tags: z.array(z.string()) })),
      // @ts-expect-error a field may be missing
      typed<Row>()(z.looseObject({ ...fields, id: z.optional(z.number()) })),
      // @ts-expect-error the input differs
      typed<Row, Row>()(z.looseObject({ ...fields, id: z._default(z.number(), 1) })),
    ];
    expect(schemas).toHaveLength(8);
  });
});

describe('Schema', () => {
  it('is one of zod, and of zod/mini', () => {
    const schemas: readonly Schema<{ id: number }>[] = [
      classic.object({ id: classic.number() }),
      z.object({ id: z.number() }),
    ];
    const objects: readonly ObjectSchema[] = [classic.object({}), z.object({}), classic.strictObject(fields)];
    for (const schema of schemas) expect(schema.safeParse({ id: 'x' }).error?.issues).toHaveLength(1);
    expect(objects.map(({ shape }) => Object.keys(shape).length)).toEqual([0, 0, 3]);
  });
});
