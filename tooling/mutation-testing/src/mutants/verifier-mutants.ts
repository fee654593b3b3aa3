import { createCanonicalString, sha256Hex } from '@cpg/conformance/src/core/expected-signature.ts';
import { VERIFY_IDS } from '@cpg/conformance/src/vectors/verify-cases.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { type Mutant, mutants } from './mutant.ts';
import { SERVER_MUTANTS } from './server-mutants.ts';
import { SIGNING_MUTANTS } from './signing-mutants.ts';

const signs = (text: (timestamp: string, body: Buffer) => Buffer | string) => (): Partial<ServerParts> => ({
  webhookText: (timestamp, body) => Buffer.from(text(timestamp, body)),
});

/** Webhook receivers with another recipe. */
export const WEBHOOK_MUTANTS = mutants<ServerParts>('webhook', [
  [
    'webhook-as-request',
    signs((timestamp, body) =>
      createCanonicalString({ timestamp, method: 'POST', target: '/webhook', body }),
    ),
    'webhook-deposit',
    'webhook-fresh-deposit',
  ],
  ['webhook-body-hashed', signs((t, body) => `${t}\n${sha256Hex(body)}`), 'webhook-of-body-hash'],
  ['webhook-without-timestamp', signs((_t, body) => body), 'webhook-body-only-signed'],
  [
    'webhook-dot-separator',
    signs((t, body) => Buffer.concat([Buffer.from(`${t}.`), body])),
    'webhook-dot-separator',
  ],
  ['webhook-no-separator', signs((t, body) => Buffer.concat([Buffer.from(t), body])), 'webhook-deposit'],
  ['webhook-case-sensitive', () => ({ webhookSignature: (received) => received }), 'webhook-signature-upper'],
  ['webhook-utf8-only', signs((t, body) => `${t}\n${body.toString('utf8')}`), 'webhook-body-invalid-utf8'],
]);

const signing = SIGNING_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ServerParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => `verify-vector-${id}`),
  }),
);

// The probe `server-…` on the wire is `verify-…` in memory.
const SIGNED_ALREADY = new Set(SIGNING_MUTANTS.map(({ id }) => id));
const NOT_IN_MEMORY = new Set(['HTTP parser', 'rate', 'black box', 'replay', 'envelope', 'source IP']);

const stateless = SERVER_MUTANTS.map(
  ({ killedBy, ...mutant }): Mutant<ServerParts> => ({
    ...mutant,
    killedBy: killedBy.map((id) => id.replace(/^server-/, 'verify-')),
  }),
).filter(
  ({ id, area, killedBy }) =>
    killedBy.every((each) => VERIFY_IDS.has(each)) && !SIGNED_ALREADY.has(id) && !NOT_IN_MEMORY.has(area),
);

/** The mutants that need neither a memory nor a network: wrong recipes and wrong stateless checks. */
export const VERIFIER_MUTANTS: readonly Mutant<ServerParts>[] = [
  ...signing,
  ...stateless,
  ...WEBHOOK_MUTANTS,
];
