import {
  isKeyId,
  KEY_HEADER,
  REJECTIONS,
  type Rejection,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from '@cpg/protocol';

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
