import { parse } from 'yaml';
import { z } from 'zod';
import { createIdMatcher } from './case-filter.ts';
import type { CaseRecord, ExpectationRecord } from './record.ts';

const entry = z.strictObject({
  /** The id of a case, or a pattern with `*`. */
  case: z.string().regex(/^[a-z0-9*-]+$/, 'must be a case id or a glob'),
  /** Only for this implementation. */
  implementation: z.string().min(1).optional(),
  /** Why it fails, best with a link to an issue. */
  reason: z.string().trim().min(1, 'must say why'),
});

const file = z.array(entry);

type Entry = z.output<typeof entry>;

const format = ({ case: pattern, implementation }: Entry): string =>
  implementation === undefined ? pattern : `${pattern} (${implementation})`;

/**
 * The known failures of an implementation. A listed failure does not fail the run. A listed pass does,
 * because the entry is stale, and so does an entry that matches no case.
 */
export class Expectations {
  readonly #entries: readonly Entry[];
  readonly #matched = new Set<Entry>();

  constructor(entries: readonly Entry[] = []) {
    this.#entries = entries;
  }

  /**
   * Parses a YAML list of `{ case, implementation?, reason }`. Throws an error that names the invalid entry.
   */
  static parse(yaml: string): Expectations {
    const result = file.safeParse(parse(yaml) ?? []);
    if (!result.success) {
      const issues = result.error.issues.map(
        ({ path, message }) => `${path.join('.') || '(top)'}: ${message}`,
      );
      throw new Error(
        `known failures must be a list of case, reason and optional implementation: ${issues.join('; ')}`,
      );
    }
    const names = result.data.map(format);
    const repeated = names.find((name, index) => names.indexOf(name) !== index);
    if (repeated !== undefined) throw new Error(`known failures list ${repeated} twice`);
    return new Expectations(result.data);
  }

  /** Marks the entries that match an existing case, whether it runs or not. */
  notice(id: string, implementation: string): Entry | undefined {
    const found = this.#entries.filter(
      (each) => createIdMatcher(each.case)(id) && (each.implementation ?? implementation) === implementation,
    );
    for (const each of found) this.#matched.add(each);
    return found[0];
  }

  /** Adjusts a verdict: a listed failure becomes `xfail`, a listed pass `xpass`. An error stays an error. */
  judge(record: CaseRecord): CaseRecord {
    const known = this.notice(record.id, record.implementation);
    if (known === undefined) return record;
    if (record.verdict === 'fail' || record.verdict === 'warn')
      return { ...record, verdict: 'xfail', reason: known.reason };
    if (record.verdict === 'pass')
      return {
        ...record,
        verdict: 'xpass',
        reason: `listed as a known failure (${known.reason}), but passed`,
      };
    return record;
  }

  /** One record for each entry that matched nothing. */
  unmatched(): readonly ExpectationRecord[] {
    return this.#entries
      .filter((each) => !this.#matched.has(each))
      .map((each) => ({ type: 'expectation', problem: 'unmatched', entry: format(each) }));
  }
}
