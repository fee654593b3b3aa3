import { REJECTIONS, type Rejection } from '@cpg/protocol';

const NAME = 'content-encoding';

/** Refuses a compressed body: the hash is over wire bytes, handlers would see others. Contract §1.2 (415). */
export const checkContentEncoding = (rawHeaders: readonly string[]): Rejection | undefined => {
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length !== NAME.length || name.toLowerCase() !== NAME) continue;
    const value = (rawHeaders[index + 1] as string).trim().toLowerCase();
    if (value !== 'identity') return REJECTIONS.content_encoding_not_supported;
  }
  return undefined;
};
