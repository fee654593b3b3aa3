import { canonicalOf, sha256Hex } from '@cpg/conformance/src/core/oracle.ts';
import type { ServerParts } from '../reference/server-parts.ts';
import { mutants } from './mutant.ts';

const signs = (text: (timestamp: string, body: Buffer) => Buffer | string) => (): Partial<ServerParts> => ({
  webhookText: (timestamp, body) => Buffer.from(text(timestamp, body)),
});

/** Receivers of webhooks that follow another recipe. */
export const WEBHOOK_MUTANTS = mutants<ServerParts>('webhook', [
  [
    'webhook-as-request',
    signs((timestamp, body) => canonicalOf({ timestamp, method: 'POST', target: '/webhook', body })),
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
