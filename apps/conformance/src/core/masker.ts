const SECRET = '[secret]';
const SIGNATURE_SHOWN = 8;

/** The forms in which a secret's bytes may turn up in a text. */
const formsOf = (secret: Buffer): readonly string[] => [
  secret.toString('utf8'),
  secret.toString('base64'),
  secret.toString('base64').replace(/=+$/, ''),
  secret.toString('hex'),
];

/** Knows the secrets and the valid signatures of a run, and keeps them out of every report. */
export class Masker {
  readonly #secrets = new Set<string>();
  readonly #signatures = new Set<string>();

  addSecret(secret: Buffer | string): void {
    for (const form of formsOf(Buffer.from(secret))) {
      if (form.length < 8) continue;
      this.#secrets.add(form);
      // A line of JSON or an inspected object shows quotes and line ends escaped.
      this.#secrets.add(JSON.stringify(form).slice(1, -1));
    }
  }

  addSignature(signature: string): void {
    if (signature.length >= 32) this.#signatures.add(signature);
  }

  /** The first secret that occurs in a text, in any of its forms. */
  containsSecret(text: string): boolean {
    return [...this.#secrets].some((secret) => text.includes(secret));
  }

  mask(text: string): string {
    let masked = text;
    for (const secret of this.#secrets) masked = masked.replaceAll(secret, SECRET);
    if (!/[0-9A-Za-z+/]{32}/.test(masked)) return masked;
    for (const signature of this.#signatures)
      masked = masked.replaceAll(signature, `${signature.slice(0, SIGNATURE_SHOWN)}...[masked]`);
    return masked;
  }

  /** The same value with every text in it masked. */
  maskAll<Value>(value: Value): Value {
    if (typeof value === 'string') return this.mask(value) as Value;
    if (Array.isArray(value)) return value.map((item) => this.maskAll(item)) as Value;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.maskAll(item)]),
    ) as Value;
  }
}
