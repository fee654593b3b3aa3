import type * as core from 'zod/v4/core';

/** The result of `safeParse`. */
export type ParseResult<Output> =
  | { readonly success: true; readonly data: Output; readonly error?: never }
  | {
      readonly success: false;
      readonly data?: never;
      readonly error: { readonly issues: readonly core.$ZodIssue[] };
    };

/**
 * What this package needs of a zod schema: one of `zod` 4, `zod/v4` or `zod/v4-mini` fits. The schemas of this
 * package are of `zod/v4-mini`.
 */
export interface Schema<Output = unknown, Input = Output> extends core.$ZodType<Output, Input> {
  /** @throws an error of zod, with `issues`, for invalid data. */
  parse(data: unknown): Output;
  // Without exactOptionalPropertyTypes the absent data of a failure would make every inferred output optional.
  safeParse(data: unknown, options?: core.ParseContext<core.$ZodIssue>): ParseResult<NoInfer<Output>>;
}

/** A {@link Schema} of an object. */
export interface ObjectSchema<Output = object, Input = Output> extends Schema<Output, Input> {
  /** The schemas of the fields, by name. */
  readonly shape: Readonly<Record<string, core.$ZodType>>;
}

/**
 * Gives the schema of an object the interfaces that document its fields: `typed<Balance>()(z.looseObject({…}))`. A
 * field whose type, presence or optionality differs between schema and interface is a compile error.
 */
export const typed =
  <Output extends object, Input extends object = Output>() =>
  <S extends core.$ZodObject>(schema: S & Agreement<S, Output, Input>): ObjectSchema<Output, Input> =>
    schema as unknown as ObjectSchema<Output, Input>;

type Agreement<S extends core.$ZodObject, Output, Input> = [
  Difference<core.output<S>, Output> | Difference<core.input<S>, Input>,
] extends [never]
  ? unknown
  : {
      readonly 'Fields that differ from the interface':
        | Difference<core.output<S>, Output>
        | Difference<core.input<S>, Input>;
    };

/** The names of the fields that two objects do not have alike; index signatures are not compared. */
type Difference<Left, Right> = {
  [Name in KnownKeys<Left> | KnownKeys<Right>]: IsSame<PickOne<Left, Name>, PickOne<Right, Name>> extends true
    ? never
    : Name;
}[KnownKeys<Left> | KnownKeys<Right>];

type KnownKeys<T> = keyof { [Name in keyof T as string extends Name ? never : Name]: T[Name] };
type PickOne<T, Name> = { readonly [Each in keyof T as Each extends Name ? Each : never]: T[Each] };
type IsSame<Left, Right> =
  (<T>() => T extends Left ? 1 : 2) extends <T>() => T extends Right ? 1 : 2 ? true : false;
