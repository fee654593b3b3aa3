import { REJECTIONS, type Rejection } from '@cpg/protocol';

/** Refuses a compressed body: the hash is over wire bytes, handlers would see others. Contract §1.2 (415). */
export const checkContentEncoding = (contentEncoding: string): Rejection | undefined =>
  contentEncoding === '' || contentEncoding.trim().toLowerCase() === 'identity'
    ? undefined
    : REJECTIONS.content_encoding_not_supported;
