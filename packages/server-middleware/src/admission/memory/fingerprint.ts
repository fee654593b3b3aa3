const SIGNATURE_BYTES = 32;

/** 32-bit words of a fingerprint: eight of the signature, one for the key. */
export const FINGERPRINT_WORDS = 9;
/** Where the key's number stands; it is never 0, so that 0 marks an empty slot. */
export const KEY_WORD = 8;

const words = new Int32Array(FINGERPRINT_WORDS);
const bytes = Buffer.from(words.buffer, 0, SIGNATURE_BYTES);

/**
 * A signature of one key as nine words. Returns the same array every time, overwritten by the next call: nothing is
 * allocated for a request.
 */
export const fingerprintOf = (signature: string, keyNumber: number): Int32Array => {
  bytes.write(signature, 'hex');
  words[KEY_WORD] = keyNumber;
  return words;
};
