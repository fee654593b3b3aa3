import { writeFileSync } from 'node:fs';
import { openApiText } from '../src/openapi/openapi-document.ts';

// Writes openapi.json: node --conditions=@cpg/source scripts/write-openapi.ts
writeFileSync(new URL('../openapi.json', import.meta.url), openApiText());
