import {
  isKeyId,
  KEY_HEADER,
  REJECTIONS,
  type Rejection,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from '@cpg/protocol';

/** The three authentication headers of a request, as sent. */
export interface SignedHeaders {
  readonly keyId: string;
  readonly timestamp: string;
  readonly signature: string;
}

const NAMES = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map((name) => name.toLowerCase());
const LENGTHS = new Set(NAMES.map((name) => name.length));

/**
 * Finds the three headers in the raw list of names and values: all there and not empty, each exactly once, the key id by
 * its grammar. The raw list, because Node joins repeated headers with a comma. Contract §1.1.
 */
export const signedHeaders = (rawHeaders: readonly string[]): SignedHeaders | Rejection => {
  const values = ['', '', ''];
  let occurrences = 0;
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (!LENGTHS.has(name.length)) continue;
    const position = NAMES.indexOf(name.toLowerCase());
    if (position === -1) continue;
    occurrences += 1;
    values[position] ||= rawHeaders[index + 1] as string;
  }
  const [keyId, timestamp, signature] = values as [string, string, string];
  if (keyId === '' || timestamp === '' || signature === '') return REJECTIONS.missing_authentication_headers;
  if (occurrences !== NAMES.length || !isKeyId(keyId)) return REJECTIONS.malformed_authentication_headers;
  return { keyId, timestamp, signature };
};
