/** Writes the samples of every endpoint to `examples`. A test compares them. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './markdown.ts';
import {
  createOperationSample,
  OPERATIONS,
  type OperationId,
  operationSlug,
} from './reference/operations.ts';
import { SAMPLE_LANGUAGES } from './reference/samples.ts';

for (const id of Object.keys(OPERATIONS) as OperationId[]) {
  for (const { folder, fileName, write } of SAMPLE_LANGUAGES) {
    writeFileSync(join(REPOSITORY, folder, fileName(operationSlug(id))), write(createOperationSample(id)));
  }
}
