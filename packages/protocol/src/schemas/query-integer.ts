import { z } from 'zod';

const INTEGER = /^(?:0|-?[1-9][0-9]*)$/;

/**
 * A whole number in a query, where it arrives as text: plain digits, no sign but minus, no leading zero, no exponent.
 * `minimum` and `maximum` are inclusive.
 */
export const queryInteger = ({ minimum, maximum }: { readonly minimum: number; readonly maximum: number }) =>
  z
    .union([z.string(), z.number()])
    .transform((input, context) => {
      const reason = findIntegerFault(String(input), minimum, maximum);
      if (reason === undefined) return Number(input);
      context.addIssue({ code: 'custom', message: reason });
      return z.NEVER;
    })
    .meta({ type: 'integer', minimum, maximum });

const findIntegerFault = (text: string, minimum: number, maximum: number): string | undefined => {
  if (!INTEGER.test(text)) return 'Input should be a valid integer';
  if (Number(text) < minimum) return `Input should be greater than or equal to ${minimum}`;
  return Number(text) > maximum ? `Input should be less than or equal to ${maximum}` : undefined;
};
