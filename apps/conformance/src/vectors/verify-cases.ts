import {
  ACCEPTED_PROBES,
  assemble,
  type Basis,
  COARSE_WINDOW_PROBES,
  type CraftedRequest,
  ENCODING_PROBES,
  EXACT_WINDOW_PROBES,
  type Expected,
  HEADER_PROBES,
  KEY_PROBES,
  ORDER_PROBES,
  type Probe,
  RECIPE_PROBES,
  SIGNATURE_PROBES,
  TAMPER_PROBES,
  TARGET_PROBES,
  TIMESTAMP_PROBES,
  UNPARSABLE_TARGET_PROBES,
} from '../core/probes/index.ts';
import type { ConformanceCase } from '../core/suite.ts';
import type { VectorContext } from './vector-context.ts';
import type { SigningVector } from './vector-files.ts';

const PROBES = [
  ...ACCEPTED_PROBES,
  ...HEADER_PROBES,
  ...TARGET_PROBES,
  ...UNPARSABLE_TARGET_PROBES,
  ...TIMESTAMP_PROBES,
  ...COARSE_WINDOW_PROBES,
  ...EXACT_WINDOW_PROBES,
  ...ENCODING_PROBES,
  ...SIGNATURE_PROBES,
  ...TAMPER_PROBES,
  ...RECIPE_PROBES,
  ...KEY_PROBES,
  ...ORDER_PROBES,
];

const basisFor = ({ random, masker }: VectorContext, label: string): Basis => {
  const secret = Buffer.from(random.secret(`verify/${label}`));
  const otherSecret = Buffer.from(random.secret(`verify/other/${label}`));
  masker.addSecret(secret);
  masker.addSecret(otherSecret);
  return {
    keyId: 'ck_run_one',
    secret,
    otherKeyId: 'ck_run_two',
    otherSecret,
    now: 1_750_000_000 + random.bytes(`now/${label}`).readUInt16BE(),
    nonce: random.bytes(`nonce/${label}`, 6).toString('hex'),
    jitter: 1 + ((random.bytes(`jitter/${label}`)[0] ?? 0) % 250),
  };
};

const judge = async (
  { check, subject, masker }: VectorContext,
  { request, basis, expected }: { request: CraftedRequest; basis: Basis; expected: Expected },
): Promise<void> => {
  masker.addSignature(request.validSignature);
  const { keyId, secret, otherKeyId, otherSecret, now } = basis;
  const keys = [
    { keyId, secret },
    { keyId: otherKeyId, secret: otherSecret },
  ];
  const verification = await subject.verify({ ...request, now, keys });
  const isGood = expected === 'accepted' || expected === 'authenticated';
  check.equal('accepted', { expected: isGood, actual: verification.accepted });
  if (isGood) return;
  const { status, message } = verification;
  if (status !== undefined) check.equal('status', { expected: expected.status, actual: status });
  if (message !== undefined) check.equal('message', { expected: expected.message, actual: message });
};

/** The ids of the cases made from probes, which do not depend on the vectors. */
export const VERIFY_IDS: ReadonlySet<string> = new Set(PROBES.map(({ id }) => `verify-${id}`));

const probed = (probe: Probe): ConformanceCase<VectorContext> => ({
  id: `verify-${probe.id}`,
  group: `verify/${probe.group}`,
  description: probe.description,
  spec: probe.spec,
  needs: ['verify'],
  run: async (context) => {
    const basis = basisFor(context, probe.id);
    const request = assemble(basis, probe.craft(basis));
    await judge(context, { request, basis, expected: probe.expected });
  },
});

/** A signing vector as a verifier meets it: the published signature must be accepted. */
const accepted = (vector: SigningVector): ConformanceCase<VectorContext> => ({
  id: `verify-vector-${vector.id}`,
  group: `verify/${vector.group.replace('sign/', '')}`,
  description: vector.description,
  spec: `§${vector.spec.join(', §')}`,
  needs: ['verify'],
  run: async (context) => {
    const { keyId, secret, timestamp, target, body } = vector;
    const basis = { ...basisFor(context, vector.id), keyId, secret, now: Number(timestamp) };
    const method = vector.method.toUpperCase();
    const request = assemble(basis, { method, target, body });
    await judge(context, { request, basis, expected: 'accepted' });
  },
});

/** Whether a verifier accepts the right requests, and no others. */
export const verifyCases = (vectors: readonly SigningVector[]): readonly ConformanceCase<VectorContext>[] => [
  ...vectors.map(accepted),
  ...PROBES.map(probed),
];
