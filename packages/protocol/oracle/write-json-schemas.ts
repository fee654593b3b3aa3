import { writeFileSync } from 'node:fs';
import { VECTOR_FILES, vectorFileJsonSchema } from '@cpg/protocol/vectors';

// Writes vectors/*.schema.json: node --conditions=@cpg/source oracle/write-json-schemas.ts
for (const name of Object.keys(VECTOR_FILES) as (keyof typeof VECTOR_FILES)[]) {
  writeFileSync(new URL(`../vectors/${name}.schema.json`, import.meta.url), vectorFileJsonSchema(name));
}
