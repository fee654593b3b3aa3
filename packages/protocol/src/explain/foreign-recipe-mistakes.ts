import { printRequestTarget } from '../request-target.ts';
import { defineMistakes } from './mistake.ts';
import { join } from './signing-steps.ts';

/** What other vendors sign, in a request or a webhook. */
export const foreignRecipeMistakes = defineMistakes([
  {
    code: 'body_only',
    message:
      'The body alone was signed: the timestamp, and for a request the other fields too, must be covered.',
    variants: () => [{ assemble: ({ body }) => body }],
  },
  {
    code: 'dotted_recipe',
    message:
      'Timestamp and body were joined with a dot, as other vendors do: follow the recipe of this protocol for requests or for webhooks.',
    variants: () => [{ assemble: ({ timestamp, body }) => join([timestamp, body], '.') }],
  },
  {
    code: 'concatenated_recipe',
    message:
      'Timestamp, method, target and body were joined with nothing between them, as other vendors do: sign the canonical string of five fields.',
    variants: (steps) => {
      const target = printRequestTarget(steps);
      return [
        { assemble: ({ timestamp, method, body }) => join([timestamp, method, target, body], '') },
        { assemble: ({ timestamp, method, body }) => join([method, target, timestamp, body], '') },
        { assemble: ({ timestamp, method, body }) => join([method, target, body, timestamp], '') },
      ];
    },
  },
]);
