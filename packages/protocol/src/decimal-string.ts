/**
 * Matches a plain decimal string: optional minus, no leading zeros, optional fraction, no exponent, plus or
 * spaces.
 */
export const DECIMAL_STRING = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/** Whether a text is a plain decimal string, as every amount on the wire is. Wire protocol §3. */
export const isDecimalString = (text: string): boolean =>
  typeof text === 'string' && DECIMAL_STRING.test(text);

const SCIENTIFIC = /^(-?)([0-9])\.?([0-9]*)e(.*)$/;

/**
 * The decimal without exponent that JavaScript writes for a number. Not with decimal.js, which would be a quarter of each
 * bundle of the client.
 */
export const formatNumber = (value: number): string => {
  const [, sign, first, others, exponent] = SCIENTIFIC.exec(value.toExponential()) as unknown as string[];
  const digits = `${first}${others}`;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  const padded = digits.padEnd(point, '0');
  return padded.length === point
    ? `${sign}${padded}`
    : `${sign}${padded.slice(0, point)}.${padded.slice(point)}`;
};
