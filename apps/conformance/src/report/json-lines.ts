import { z } from 'zod';
import { LAYERS, type ResultRecord, VERDICTS, type Verdict } from '../core/record.ts';

/** One record per line: the source of every other report. */
export const renderJsonLines = (records: readonly ResultRecord[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

const layer = z.enum(LAYERS);
const verdicts = Object.keys(VERDICTS) as [Verdict, ...Verdict[]];

const record = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('header'), suite: z.literal('cpg-conformance'), format: z.literal(1) }),
  z.looseObject({
    type: z.literal('implementation'),
    implementation: z.string(),
    layer,
    notes: z.array(z.string()),
    planned: z.int(),
  }),
  z.looseObject({
    type: z.literal('case'),
    implementation: z.string(),
    layer,
    id: z.string(),
    group: z.string(),
    verdict: z.enum(verdicts),
  }),
  z.looseObject({ type: z.literal('expectation'), entry: z.string() }),
  z.looseObject({ type: z.literal('footer'), planned: z.int(), seen: z.int() }),
]);

/** Parses a result file. Throws an error that names the first invalid line. */
export const readJsonLines = (text: string): readonly ResultRecord[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        value = undefined;
      }
      const result = record.safeParse(value);
      if (!result.success) throw new Error(`line ${index + 1} is not a record of a result file`);
      return result.data as unknown as ResultRecord;
    });
