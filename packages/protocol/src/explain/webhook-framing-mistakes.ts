import { defineMistakes } from './mistake.ts';
import { assembleRequest, join } from './signing-steps.ts';

/** Mistakes in putting timestamp and body of a webhook together. Contract §5. */
export const webhookFramingMistakes = defineMistakes([
  {
    code: 'body_hashed',
    message: 'The hash of the body was signed: a webhook signs the body itself.',
    variants: () => [{ assemble: (steps) => join([steps.timestamp, steps.hashBody(steps.body)], '\n') }],
  },
  {
    code: 'request_recipe_for_webhook',
    message:
      'The webhook was signed the way requests are (a canonical string of five fields): sign timestamp, line feed and body.',
    variants: () => [{ assemble: assembleRequest }],
  },
  {
    code: 'trailing_newline',
    message: 'A newline was signed after the body: sign timestamp, line feed and body, and nothing after it.',
    variants: () => [{ assemble: ({ timestamp, body }) => join([timestamp, body, ''], '\n') }],
  },
  {
    code: 'fields_reordered',
    message: 'The body was signed before the timestamp: the timestamp comes first.',
    variants: () => [
      { assemble: ({ timestamp, body }) => join([body, timestamp], '\n') },
      { assemble: ({ timestamp, body }) => join([body, timestamp], '') },
    ],
  },
  {
    code: 'separator_other',
    message: 'Timestamp and body were joined with something else: use a single line feed (0x0A).',
    variants: () =>
      ['\r\n', '\\n', '', ' ', ':', '|'].map((separator) => ({
        assemble: ({ timestamp, body }) => join([timestamp, body], separator),
      })),
  },
]);
