/**
 * Loaded with `--import` into a server of the A/B benchmark: replaces the hand-written code that `CPG_BENCH_REPLACEMENT` names with the
 * plain code that it has to outperform. The packages run from their sources.
 */
import { createHmac, type KeyObject } from 'node:crypto';
import { registerHooks } from 'node:module';

/** The exports that each replacement takes the place of, by the end of their module's URL. */
const REPLACED = {
  'createHmac in place of one-shot hashes': { '/packages/protocol/src/crypto/node.ts': ['hmacSha256'] },
  'a Set of texts in place of the typed array': {
    '/packages/server-middleware/src/admission/memory/signature-set.ts': ['getFingerprint', 'SignatureSet'],
  },
} as const;

export type Replacement = keyof typeof REPLACED;
export const REPLACEMENTS = Object.keys(REPLACED) as Replacement[];

/** The names that were replaced so far; a server checks it, since a moved module would leave the original in place. */
const replaced = new Set<string>();

export const assertReplaced = (replacement: Replacement): void => {
  const missing = Object.values(REPLACED[replacement])
    .flat()
    .filter((name) => !replaced.has(name));
  if (missing.length === 0) return;
  throw new Error(
    `Expected to replace ${missing}: no such module was loaded. Fix: the paths in replacements.ts.`,
  );
};

export const hmacSha256 = (key: KeyObject, message: string | Uint8Array): string =>
  createHmac('sha256', key).update(message).digest('hex');

export const getFingerprint = (signature: string, keyNumber: number): string => `${keyNumber} ${signature}`;

const TAKEN = 1;

export class SignatureSet {
  readonly #signatures = new Set<string>();

  get size(): number {
    return this.#signatures.size;
  }

  findSlot(fingerprint: string): number {
    return this.#signatures.has(fingerprint) ? TAKEN : 0;
  }

  isTaken(slot: number): boolean {
    return slot === TAKEN;
  }

  put(_slot: number, fingerprint: string): void {
    this.#signatures.add(fingerprint);
  }
}

const ORIGINAL = '?original';
const modules: Readonly<Record<string, readonly string[]>> =
  REPLACED[process.env.CPG_BENCH_REPLACEMENT as Replacement] ?? {};

registerHooks({
  load: (url, context, nextLoad) => {
    if (url.endsWith(ORIGINAL)) return nextLoad(url.slice(0, -ORIGINAL.length), context);
    const names = Object.entries(modules).find(([end]) => url.endsWith(end))?.[1];
    if (names === undefined) return nextLoad(url, context);
    const original = String(nextLoad(url, context).source);
    for (const name of names)
      if (new RegExp(`export (const|class) ${name}\\b`).test(original)) replaced.add(name);
    const source = [
      `export * from ${JSON.stringify(`${url}${ORIGINAL}`)};`,
      `export { ${names.join(', ')} } from ${JSON.stringify(import.meta.url)};`,
    ];
    return { format: 'module', source: source.join('\n'), shortCircuit: true };
  },
});
