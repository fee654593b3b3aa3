import { randomUUID } from 'node:crypto';
import {
  createSigningKey,
  isKeyId,
  isWithinWindow,
  KEY_HEADER,
  parseTimestamp,
  REJECTIONS,
  type Rejection,
  SIGNATURE_HEADER,
  type SigningKey,
  TIMESTAMP_HEADER,
  verify,
} from '@cpg/protocol';
import type { Admission } from '../admission/admission-store.ts';
import { type CpgKey, MAX_SIGNING_KEYS } from '../keys/key-store.ts';

/** What authentication reads of the headers, as sent. */
export interface SignedHeaders {
  readonly keyId: string;
  readonly timestamp: string;
  readonly signature: string;
  /** Every `Content-Encoding`, joined with commas; empty when there is none. */
  readonly contentEncoding: string;
}

const CONTENT_ENCODING = 'content-encoding';
const [KEY, TIMESTAMP, SIGNATURE] = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map((name) =>
  name.toLowerCase(),
) as [string, string, string];

// The length first: it tells most names apart, and costs nothing.
const isNamed = (name: string, lowerCaseName: string): boolean =>
  name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName;

/**
 * Finds the three headers in the raw list of names and values: all there and not empty, each exactly once, the key id by
 * its grammar. The raw list, because Node joins repeated headers with a comma. Contract §1.1.
 */
export const signedHeaders = (rawHeaders: readonly string[]): SignedHeaders | Rejection => {
  let [keyId, timestamp, signature, contentEncoding] = ['', '', '', ''];
  let occurrences = 0;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    const value = rawHeaders[index + 1] as string;
    if (isNamed(name, KEY)) keyId ||= value;
    else if (isNamed(name, TIMESTAMP)) timestamp ||= value;
    else if (isNamed(name, SIGNATURE)) signature ||= value;
    else {
      if (isNamed(name, CONTENT_ENCODING)) contentEncoding += contentEncoding === '' ? value : `,${value}`;
      continue;
    }
    occurrences += 1;
  }
  if (keyId === '' || timestamp === '' || signature === '') return REJECTIONS.missing_authentication_headers;
  if (occurrences !== 3 || !isKeyId(keyId)) return REJECTIONS.malformed_authentication_headers;
  return { keyId, timestamp, signature, contentEncoding };
};

/** Unix seconds of a timestamp header in the strict grammar and within the window; else the 401. Contract §1.1, §2. */
export const checkTimestamp = (text: string, now: number): number | Rejection => {
  const timestamp = parseTimestamp(text);
  return timestamp !== undefined && isWithinWindow(timestamp, now)
    ? timestamp
    : REJECTIONS.timestamp_outside_window;
};

/** Refuses a compressed body: the hash is over wire bytes, handlers would see others. Contract §1.2 (415). */
export const checkContentEncoding = (contentEncoding: string): Rejection | undefined =>
  contentEncoding === '' || contentEncoding.trim().toLowerCase() === 'identity'
    ? undefined
    : REJECTIONS.content_encoding_not_supported;

/** Stand in for the secrets that a key lacks. Their secrets are random and never leave this process. */
export const DUMMY_KEYS = Array.from({ length: MAX_SIGNING_KEYS }, () => createSigningKey(randomUUID()));

/**
 * Whether one of the key's live secrets made this signature. A rejection always takes the same path, with the same number of
 * HMACs and comparisons: dummy keys stand in for the secrets of an unknown key, of a revoked one, and for a second secret.
 * Wire protocol §2.
 */
export const checkSignature = (key: CpgKey | undefined, canonical: string, signature: string): boolean => {
  const isLive = key !== undefined && key.revoked !== true;
  const candidates = isLive ? key.signingKeys : DUMMY_KEYS;
  for (let attempt = 0; attempt < MAX_SIGNING_KEYS; attempt += 1) {
    const candidate = candidates[attempt];
    const isGenuine = verify(candidate ?? (DUMMY_KEYS[attempt] as SigningKey), canonical, signature);
    if (isGenuine && isLive && candidate !== undefined) return true;
  }
  return false;
};

const ANSWERS: Readonly<Record<Admission, Rejection | undefined>> = {
  admitted: undefined,
  replayed: REJECTIONS.signature_already_used,
  rate_limited: REJECTIONS.rate_limit_exceeded,
};

/** The answer to a store's decision; a value that is none of the three fails closed. Contract §2. */
export const answerAdmission = (admission: Admission): Rejection | undefined =>
  admission in ANSWERS ? ANSWERS[admission] : REJECTIONS.service_unavailable;
