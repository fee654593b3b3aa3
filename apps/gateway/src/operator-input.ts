/*
 * What operators may enter, with the commands and in the console. Each of them words its own error.
 */

export const isAccountId = (text: string): boolean => /^[\w.-]{1,128}$/.test(text);

/** Whether a text is an amount of at most 18 decimal places, without sign and exponent. */
export const isAmount = (text: string): boolean => /^(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,18})?$/.test(text);

/** Whether a text is a percentage, such as `0.5`, of at most 6 decimal places. */
export const isPercentage = (text: string): boolean => /^(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,6})?$/.test(text);

/** Requests of an API key in a minute. */
export const MAX_RATE_LIMIT = 1_000_000;

/** How long the previous secret of a rotated key may work. */
export const MAX_OVERLAP_HOURS = 24 * 365;

const HOUR_MS = 3_600_000;

/** When the previous secret of a key that is rotated at a time stops working. */
export const getRetirement = (at: Date, overlapHours: number): Date =>
  new Date(at.getTime() + overlapHours * HOUR_MS);
