const SECRET_HEADERS =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|.*(?:secret|token|password|api-?key).*)$/i;
const SECRETS = /\b(cpg_|whsec_|cpg-demo-)[\w-]{12,}/g;
const MIN_SIGNATURE_LENGTH = 32;
// The start of a signature that is too short to find the rest of it.
const MAX_SHOWN_START = 6;

const HIDDEN = '… (hidden)';
const SIGNATURE = '… (the signature)';

/** A value of a header, hidden when the name says that it is a secret. */
export const maskHeaderValue = (name: string, value: string): string =>
  SECRET_HEADERS.test(name) ? HIDDEN : value;

/**
 * Hides the secrets of the gateway, and a signature, wherever a text contains them. Of a text that was cut, also the start
 * of the signature at its end.
 */
export const createMask =
  (signature: string | undefined) =>
  (text: string, isCut = false): string => {
    const masked = text.replace(SECRETS, `$1${HIDDEN}`);
    if (signature === undefined || signature.length < MIN_SIGNATURE_LENGTH) return masked;
    const whole = masked.replaceAll(signature, SIGNATURE);
    return isCut ? hideStartAtEnd(whole, signature) : whole;
  };

const hideStartAtEnd = (text: string, signature: string): string => {
  for (let length = signature.length - 1; length > MAX_SHOWN_START; length -= 1)
    if (text.endsWith(signature.slice(0, length))) return text.slice(0, -length) + SIGNATURE;
  return text;
};
