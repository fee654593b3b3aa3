import { readFileSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// What is only for CI, or shortened elsewhere, takes longest there.
const LONG = /\b(?:describeInCi|itInCi|countRounds)\(/;

/** Starts the longest test files first, so that a run does not end with one worker busy and the others idle. */
export default class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = new Set(sorted.filter(({ moduleId }) => LONG.test(readFileSync(moduleId, 'utf8'))));
    return [...long, ...sorted.filter((file) => !long.has(file))];
  }
}
