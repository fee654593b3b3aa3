import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { REJECTIONS, type RejectionCode } from '../rejections.ts';
import {
  explainVectorFile,
  type SigningVector,
  VECTOR_FILES,
  type VerificationVector,
  vectorBodyBytes,
  vectorFileJsonSchema,
  type WebhookVector,
} from './index.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const document = read('../../docs/wire-protocol.md');
const names = Object.keys(VECTOR_FILES) as (keyof typeof VECTOR_FILES)[];
const files = names.map((name) => ({
  name,
  text: read(`vectors/${name}.json`),
  file: VECTOR_FILES[name].parse(JSON.parse(read(`vectors/${name}.json`))),
}));

type Vector = SigningVector | VerificationVector | WebhookVector;
const vectors = files.flatMap<Vector>(({ file }) => [...file.vectors]);

const explained = explainVectorFile.parse(JSON.parse(read('vectors/explain-mismatch.json')));

const LEAST = { 'request-signing': 60, 'request-verification': 100, webhooks: 20 };
const place = ({ group, id }: { group: string; id: string }): string => `${group} ${id}`;

describe.each(files)('vectors/$name.json', ({ name, text, file }) => {
  it('is written canonically', () => {
    const ascii = JSON.stringify(JSON.parse(text), null, 2).replace(
      /[^\0-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    expect(text === `${ascii}\n`).toBe(true);
  });

  it('counts its vectors and those of each group', () => {
    expect(file.vectors.length).toBe(file.count);
    expect(file.count).toBeGreaterThanOrEqual(LEAST[name]);
    const groups: Record<string, number> = {};
    for (const { group } of file.vectors) groups[group] = (groups[group] ?? 0) + 1;
    expect(groups).toEqual(file.groups);
  });

  it('is sorted by group, then id', () => {
    const places = file.vectors.map(place);
    expect(places).toEqual([...places].sort());
  });

  it('explains each flag that it uses, and no other', () => {
    const used = new Set(file.vectors.flatMap(({ flags }) => flags));
    expect(Object.keys(file.notes)).toEqual([...used].sort());
  });

  it('refers to sections that the published protocol has', () => {
    for (const section of new Set(file.vectors.flatMap(({ spec }) => spec))) {
      expect(document).toMatch(new RegExp(`^##+ ${section.replace('.', '\\.')}\\.? `, 'm'));
    }
  });

  it('has a JSON Schema that equals its zod schema', () => {
    expect(read(`vectors/${name}.schema.json`)).toBe(vectorFileJsonSchema(name));
    expect(file.$schema).toBe(`./${name}.schema.json`);
  });

  it('is described in the README with its count', () => {
    const accepted = file.vectors.filter(({ result }) => result === 'valid').length;
    const count = accepted === file.count ? `${file.count}` : `${file.count} (${accepted} to accept)`;
    expect(read('vectors/README.md')).toMatch(
      new RegExp(`^\\| \`${name}\\.json\` .* \\| ${count.replace(/[()]/g, '\\$&')} +\\|$`, 'm'),
    );
  });

  it('allows no field that the schema does not name', () => {
    const extended = { ...file, vectors: [{ ...file.vectors[0], extra: 1 }] };
    expect(VECTOR_FILES[name].safeParse(extended).error?.issues[0]?.code).toBe('unrecognized_keys');
    for (const object of findObjects(JSON.parse(vectorFileJsonSchema(name)))) {
      expect(object).toHaveProperty('additionalProperties');
    }
  });
});

const findObjects = (schema: unknown): Record<string, unknown>[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const inner = Object.values(schema).flatMap(findObjects);
  return 'properties' in schema && 'type' in schema ? [schema as Record<string, unknown>, ...inner] : inner;
};

describe('vectors/explain-mismatch.json', () => {
  it('follows its published schema', () => {
    expect(explained.vectors.length).toBe(explained.count);
    expect(read('vectors/explain-mismatch.schema.json')).toBe(vectorFileJsonSchema('explain-mismatch'));
    expect(explained.$schema).toBe('./explain-mismatch.schema.json');
    expect(read('vectors/README.md')).toMatch(/^\| `explain-mismatch\.json` .* \| 204 +\|$/m);
    expect(explained.count).toBe(204);
  });
});

describe('all vector files together', () => {
  it('never use an id twice', () => {
    const ids = [...vectors, ...explained.vectors].map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('expect rejections of the table of rejections, and results that agree', () => {
    for (const vector of vectors) {
      if (!('expected' in vector)) expect(vector.result).toBe('valid');
      else if (vector.expected.accepted) expect(vector.result).toBe('valid');
      else {
        const { accepted, ...rejection } = vector.expected;
        expect({ accepted, result: vector.result }).toEqual({ accepted: false, result: 'invalid' });
        expect(rejection).toEqual(REJECTIONS[rejection.code as RejectionCode]);
      }
    }
  });

  it('accept and reject', () => {
    const results = files.slice(1).map(({ file }) => new Set(file.vectors.map(({ result }) => result)).size);
    expect(results).toEqual([2, 2]);
  });
});

describe('vectorBodyBytes', () => {
  it.each([
    ['', ''],
    ['e/99', '7bff7d'],
    [{ repeat: { byteHex: '00', count: 3 } }, '000000'],
    [{ repeat: { byteHex: 'ff', count: 1 } }, 'ff'],
  ])('%j is %s', (body, hex) => {
    expect(Buffer.from(vectorBodyBytes(body)).toString('hex')).toBe(hex);
  });
});
