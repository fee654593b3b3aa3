/** Names the paragraph of this package's README that explains a code. */
export const helpFor = (code: string): string => `@cpg/server-middleware/README.md#${code}`;
