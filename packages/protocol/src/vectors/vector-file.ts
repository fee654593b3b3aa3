import { z } from 'zod';

/** What every vector carries, whatever it is about. */
export const vectorHead = {
  /** Stable and never reused; unique over all files. */
  id: z.string().regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/),
  group: z.string().regex(/^[a-z]+\/[a-z]+(?:-[a-z]+)*$/),
  /** For people; may change. */
  description: z.string().min(1),
  /** Sections of `docs/wire-protocol.md`. */
  spec: z.array(z.string().regex(/^[1-9](?:\.[1-9])?$/)).min(1),
  /** Each is explained in the file's `notes`. */
  flags: z.array(z.string().regex(/^[A-Z][A-Za-z]+$/)).min(1),
  level: z.enum(['MUST', 'SHOULD']),
  result: z.enum(['valid', 'invalid']),
};

/** The id of a vector that this one replaces: published bytes never change. */
export const supersedes = z.string().optional();

const note = z.strictObject({
  /** The kind of mistake that vectors with this flag find. */
  bugType: z.string().regex(/^[A-Z][A-Z_]+$/),
  /** What that mistake does to its victim. */
  effect: z.string().min(1),
});

/** A vector file: where it comes from, what its flags mean, how many vectors there are, and the vectors sorted by group, then id. */
export const vectorFile = <Vector extends z.ZodType>(suite: string, vector: Vector) =>
  z.strictObject({
    $schema: z.string(),
    suite: z.literal(`cpg-${suite}`),
    version: z.string().regex(/^[0-9]+\.[0-9]+\.[0-9]+$/),
    source: z.strictObject({ name: z.string(), version: z.string() }),
    notes: z.record(z.string(), note),
    count: z.int().positive(),
    /** Vectors a group. */
    groups: z.record(z.string(), z.int().positive()),
    vectors: z.array(vector).min(1),
  });
