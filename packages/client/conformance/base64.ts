const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text from base64; fails rather than replace bytes that are not UTF-8. */
export const textOf = (base64: string): string => utf8.decode(Buffer.from(base64, 'base64'));
