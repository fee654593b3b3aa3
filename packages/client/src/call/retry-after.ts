/**
 * Milliseconds that a `Retry-After` header asks for: whole seconds, or an HTTP date seen from `now` (the gateway's clock,
 * Unix milliseconds). `undefined` for anything else; a date in the past is 0.
 */
export const parseRetryAfter = (text: string | undefined, now: number): number | undefined => {
  if (text === undefined) return undefined;
  if (/^[0-9]+$/.test(text)) return Number(text) * 1000;
  // Date.parse alone reads all sorts of text, "-1" among them, as a date.
  if (!/^[A-Z][a-z]+, /.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};
