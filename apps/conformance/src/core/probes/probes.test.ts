import { describe, expect, it } from 'vitest';
import * as tables from './index.ts';
import { assemble, type Basis, type Probe } from './index.ts';

const basis: Basis = {
  keyId: 'ck_one',
  secret: Buffer.from('secret-one-xx'),
  otherKeyId: 'ck_two',
  otherSecret: Buffer.from('secret-two-xx'),
  now: 1_750_000_000,
  nonce: 'abc123',
  jitter: 7,
};

const all = Object.values(tables).flatMap((table): readonly Probe[] => (Array.isArray(table) ? table : []));

describe('probes', () => {
  it('have unique kebab-case ids', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    for (const { id } of all) expect(id).toMatch(/^[a-z0-9]+(?:-[a-z0-9]+)*$/);
  });

  const signatureOfRequest = (probe: Probe) =>
    assemble(basis, probe.craft(basis)).headers.find(([name]) => name === 'X-CPG-Signature')?.[1];

  it.each(
    all.filter(({ expected }) => typeof expected === 'string').map((probe) => [probe.id, probe] as const),
  )('%s carries the signature of its bytes', (_id, probe) => {
    const { validSignature, headers } = assemble(basis, probe.craft(basis));
    expect(headers.find(([name]) => name.toLowerCase() === 'x-cpg-signature')?.[1]).toBe(validSignature);
  });

  const forged = all.filter(
    ({ group, expected }) =>
      typeof expected === 'object' && ['signature', 'tamper', 'recipe'].includes(group),
  );
  it.each(forged.filter(({ id }) => id !== 'tamper-key-id').map((probe) => [probe.id, probe] as const))(
    '%s does not carry the signature of its bytes',
    (_id, probe) => {
      expect(signatureOfRequest(probe)).not.toBe(assemble(basis, probe.craft(basis)).validSignature);
    },
  );

  const singleProblem = all.filter(({ group }) =>
    ['timestamp', 'window', 'target', 'encoding'].includes(group),
  );
  it.each(singleProblem.map((probe) => [probe.id, probe] as const))(
    '%s is correctly signed except for its one problem',
    (_id, probe) => {
      expect(signatureOfRequest(probe)).toBe(assemble(basis, probe.craft(basis)).validSignature);
    },
  );
});
