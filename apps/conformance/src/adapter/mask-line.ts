const SECRET_FIELD = /("secretB64"\s*:\s*")[^"]*/g;
const SIGNATURE_PAIR = /("x-cpg-signature"\s*,\s*"[^"]{0,8})[^"]*/gi;

/** A line of the adapter protocol without its secrets and signatures, by their place: a short secret would not be found by its text. */
export const maskLine = (line: string): string =>
  line.replace(SECRET_FIELD, '$1[secret]').replace(SIGNATURE_PAIR, '$1...[masked]');
