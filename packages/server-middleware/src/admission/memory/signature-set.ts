import { randomFillSync } from 'node:crypto';

const SIGNATURE_BYTES = 32;

/** 32-bit words of a fingerprint: eight of the signature, one for the key. */
const FINGERPRINT_WORDS = 9;
/** Where the key's number stands; it is never 0, so that 0 marks an empty slot. */
const KEY_WORD = 8;

const words = new Int32Array(FINGERPRINT_WORDS);
const bytes = Buffer.from(words.buffer, 0, SIGNATURE_BYTES);

/**
 * A signature of one key as nine words. Returns the same array every time, overwritten by the next call: nothing is
 * allocated for a request.
 */
export const getFingerprint = (signature: string, keyNumber: number): Int32Array => {
  bytes.write(signature, 'hex');
  words[KEY_WORD] = keyNumber;
  return words;
};

const MIN_CAPACITY = 16;
const MAX_LOAD = 0.75;

/**
 * A set of fingerprints in one typed array: 36 bytes a slot, linear probing, doubled when three quarters are taken. Nothing
 * is ever removed; a set whose second has passed is dropped whole.
 */
export class SignatureSet {
  // Secret and odd, so that no key holder can choose signatures that collide.
  readonly #multipliers = randomFillSync(new Int32Array(FINGERPRINT_WORDS)).map((word) => word | 1);
  #slots = new Int32Array(MIN_CAPACITY * FINGERPRINT_WORDS);
  #capacity = MIN_CAPACITY;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The slot of the fingerprint, or the empty one where it belongs; good until the next `put`. */
  findSlot(fingerprint: Int32Array): number {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    let slot = hashFingerprint(fingerprint, this.#multipliers) & mask;
    while (slots[slot * FINGERPRINT_WORDS + KEY_WORD] !== 0) {
      if (isSame(slots, slot, fingerprint)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  isTaken(slot: number): boolean {
    return this.#slots[slot * FINGERPRINT_WORDS + KEY_WORD] !== 0;
  }

  /** Puts a fingerprint into the empty slot that `findSlot` found for it. */
  put(slot: number, fingerprint: Int32Array): void {
    this.#slots.set(fingerprint, slot * FINGERPRINT_WORDS);
    this.#size += 1;
    if (this.#size > this.#capacity * MAX_LOAD) this.#grow();
  }

  #grow(): void {
    const old = this.#slots;
    this.#capacity *= 2;
    this.#slots = new Int32Array(this.#capacity * FINGERPRINT_WORDS);
    for (let offset = 0; offset < old.length; offset += FINGERPRINT_WORDS) {
      if (old[offset + KEY_WORD] === 0) continue;
      const fingerprint = old.subarray(offset, offset + FINGERPRINT_WORDS);
      this.#slots.set(fingerprint, this.findSlot(fingerprint) * FINGERPRINT_WORDS);
    }
  }
}

const isSame = (slots: Int32Array, slot: number, fingerprint: Int32Array): boolean => {
  const offset = slot * FINGERPRINT_WORDS;
  for (let word = 0; word < FINGERPRINT_WORDS; word += 1) {
    if (slots[offset + word] !== fingerprint[word]) return false;
  }
  return true;
};

const hashFingerprint = (fingerprint: Int32Array, multipliers: Int32Array): number => {
  let hash = 0;
  for (let word = 0; word < FINGERPRINT_WORDS; word += 1) {
    hash = (hash + Math.imul(fingerprint[word] as number, multipliers[word] as number)) | 0;
  }
  // The low bits of a product know only the low bits of its factors.
  return hash ^ (hash >>> 15);
};
