import { KEY_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER } from '@cpg/protocol';
import type { SignCommand, Signing } from '../adapter/adapter.ts';
import type { Checker } from '../core/checker.ts';
import {
  computeSignature,
  createCanonicalString,
  findKnownMistake,
  sha256Hex,
} from '../core/expected-signature.ts';
import type { ConformanceCase } from '../core/suite.ts';
import type { VectorContext } from './vector-context.ts';
import type { SigningVector } from './vector-files.ts';

/** The value of every stage of one signing; `canonical` as latin1 text. */
interface Stages {
  readonly keyId: string;
  readonly timestamp: string;
  readonly path: string;
  readonly query: string;
  readonly bodySha256: string;
  readonly canonical: string;
  readonly signature: string;
}

const getHeader = (signing: Signing, name: string): string =>
  signing.headers.filter(([candidate]) => candidate.toLowerCase() === name.toLowerCase())[0]?.[1] ?? '(none)';

const COMPARE =
  'Compare your canonical string with this one (with the capability `stages`, the report shows both). If they are equal, check how the secret becomes the key and how the signature is encoded.';

/**
 * The expected stages and the signer's. With `command`, a wrong signature is compared with known mistakes,
 * which takes time.
 */
interface Comparison {
  readonly expected: Stages;
  readonly signing: Signing;
  readonly command?: SignCommand;
}

/** Compares stage by stage, in the order of the recipe, so that the first difference is reported. */
const compareStages = (check: Checker, { expected, signing, command }: Comparison): void => {
  check.equal('response of the signer', {
    expected: 'three headers',
    actual: signing.refused === undefined ? 'three headers' : `rejected: ${signing.refused}`,
  });
  check.equal('number of headers', { expected: 3, actual: signing.headers.length });
  check.equal(KEY_HEADER, { expected: expected.keyId, actual: getHeader(signing, KEY_HEADER) });
  check.equal(TIMESTAMP_HEADER, {
    expected: expected.timestamp,
    actual: getHeader(signing, TIMESTAMP_HEADER),
  });
  const shown = signing.canonical?.toString('latin1');
  const canonical = { expected: expected.canonical, ...(shown === undefined ? {} : { actual: shown }) };
  for (const stage of ['path', 'query', 'bodySha256'] as const) {
    const actual = signing[stage];
    if (actual !== undefined) check.equal(stage, { expected: expected[stage], actual, canonical });
  }
  if (signing.canonical !== undefined) {
    check.equal('canonical string', { expected: expected.canonical, actual: shown, canonical });
    const hex = Buffer.from(expected.canonical, 'latin1').toString('hex');
    check.equal('canonical string in hex', { expected: hex, actual: signing.canonical.toString('hex') });
  }
  const signature = getHeader(signing, SIGNATURE_HEADER);
  const mistake = () => {
    if (command === undefined || signature === expected.signature) return undefined;
    const request = { ...command, timestamp: expected.timestamp };
    return findKnownMistake({ secret: command.secret, signature, request });
  };
  check.equal(SIGNATURE_HEADER, {
    expected: expected.signature,
    actual: signature,
    canonical,
    hint: mistake() ?? COMPARE,
  });
};

/** The fields of a vector that are needed to sign it again. */
type Signable = Pick<
  SigningVector,
  'id' | 'group' | 'description' | 'level' | 'method' | 'target' | 'body'
> & { readonly spec: readonly string[] };

const common = (vector: Signable) => ({
  group: vector.group,
  spec: `§${vector.spec.join(', §')}`,
  level: vector.level,
  needs: ['sign'],
});

const published = (vector: SigningVector): ConformanceCase<VectorContext> => ({
  ...common(vector),
  id: `sign-${vector.id}`,
  description: vector.description,
  run: async ({ check, subject, masker }) => {
    const { keyId, secret, timestamp, method, target, body } = vector;
    // The published secret is public, but an adapter that prints it also prints private ones.
    masker.addSecret(secret);
    const command = { now: Number(timestamp), keyId, secret, method, target, body };
    const signing = await subject.sign(command);
    const canonical = Buffer.from(vector.canonicalHex, 'hex').toString('latin1');
    compareStages(check, { expected: { ...vector, canonical }, signing, command });
  },
});

/**
 * The same request under a secret, a key id and a time of this run only, so a table of known signatures
 * cannot pass.
 */
const fresh = (vector: Signable): ConformanceCase<VectorContext> => ({
  ...common(vector),
  id: `sign-fresh-${vector.id}`,
  description: `${vector.description}; signed with a secret of this run`,
  run: async ({ check, subject, random, masker }) => {
    const { target, body } = vector;
    const secret = Buffer.from(random.secret(vector.id));
    masker.addSecret(secret);
    const now = Math.floor(1_700_000_000 + random.bytes(`now/${vector.id}`).readUInt32BE() / 2 ** 4);
    const timestamp = String(now);
    const keyId = `ck_${random.bytes(`key/${vector.id}`, 6).toString('hex')}`;
    const method = vector.method.toUpperCase();
    const canonical = createCanonicalString({ timestamp, method, target, body });
    const signature = computeSignature(secret, canonical);
    masker.addSignature(signature);
    const signing = await subject.sign({ now, keyId, secret, method: vector.method, target, body });
    const [, , path = '', query = ''] = canonical.split('\n');
    const expected = { keyId, timestamp, path, query, bodySha256: sha256Hex(body), canonical, signature };
    compareStages(check, { expected, signing });
  },
});

/** Longer than common fixed-size buffers. */
const LONG_TARGET = {
  id: 'long-target',
  group: 'sign/query',
  description: 'a query of 6,000 characters is signed to its end',
  spec: ['1.2'],
  level: 'MUST',
  method: 'GET',
  target: `/v1/balances?currency=${'USDT'.repeat(1_500)}`,
  body: Buffer.alloc(0),
} as const;

/** Comes first: wire protocol §1.3 shows every byte of it, so its failure is the easiest to understand. */
const isExplained = ({ id }: SigningVector): boolean => id === 'worked-example';

/** Every published vector, and each again under a secret of this run. */
export const signCases = (vectors: readonly SigningVector[]): readonly ConformanceCase<VectorContext>[] => [
  ...vectors.toSorted((a, b) => Number(isExplained(b)) - Number(isExplained(a))).map(published),
  ...vectors.map(fresh),
  fresh(LONG_TARGET),
];
