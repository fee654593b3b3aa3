import { writeFileSync } from 'node:fs';
import { VECTOR_FILES, vectorFileJsonSchema } from '@cpg/protocol/vectors';

// Writes vectors/*.schema.json: node --conditions=@cpg/source generators/write-json-schemas.ts
const names = Object.keys(VECTOR_FILES) as (keyof typeof VECTOR_FILES)[];
for (const name of [...names, 'explain-mismatch'] as const) {
  writeFileSync(new URL(`../vectors/${name}.schema.json`, import.meta.url), vectorFileJsonSchema(name));
}
