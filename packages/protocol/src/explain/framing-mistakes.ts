import { formatRequestTarget } from '../signing/request-target.ts';
import { permute } from './field-mistakes.ts';
import { defineMistakes, type Mistake } from './find-mistakes.ts';
import { assembleRequest, assembleWebhook, getFields, join, type SigningSteps } from './signing-steps.ts';

type Fields = readonly (Buffer | string)[];
const framed =
  (frame: (fields: Fields) => Fields, separator = '\n') =>
  (steps: SigningSteps): Buffer =>
    join(frame(getFields(steps)), separator);

const same = (fields: Fields): Fields => fields;

const PLACES = [0, 1, 2, 5];
const oneMore = (field: string | undefined) =>
  field ? PLACES.map((place) => ({ assemble: framed((fields) => fields.toSpliced(place, 0, field)) })) : [];

const leftOut = <Code extends string>(code: Code, index: number, name: string): Mistake<Code> => ({
  code,
  message: `The ${name} was left out of the canonical string: it has five fields, timestamp, method, path, query and body hash, and an empty one keeps its line.`,
  variants: () => [
    { assemble: framed((fields) => fields.toSpliced(index, 1)) },
    { assemble: framed((fields) => fields.with(index, '')) },
  ],
});

/** Mistakes in joining the five fields of a request. Wire protocol §1.2. */
export const requestFramingMistakes = defineMistakes([
  {
    code: 'trailing_newline',
    message:
      'The canonical string was signed with a trailing newline: nothing follows the body hash (use printf, not echo).',
    variants: () =>
      ['\n', '\r\n'].map((end) => ({ assemble: (steps) => join([assembleRequest(steps), end], '') })),
  },
  {
    code: 'separator_escaped',
    message:
      'The fields were joined with a backslash and an "n": use a real line feed (0x0A), which in PHP and bash needs double quotes or $\'\\n\'.',
    variants: () => [{ assemble: framed(same, '\\n') }],
  },
  {
    code: 'separator_crlf',
    message: 'The fields were joined with CRLF: use a single line feed (0x0A).',
    variants: () => [{ assemble: framed(same, '\r\n') }],
  },
  {
    code: 'separator_missing',
    message: 'The fields were joined with nothing between them: use a single line feed (0x0A).',
    variants: () => [{ assemble: framed(same, '') }],
  },
  {
    code: 'separator_other',
    message: 'The fields were joined with another character: use a single line feed (0x0A).',
    variants: () => [...' |:,.&;-_/\t\0\r'].map((separator) => ({ assemble: framed(same, separator) })),
  },
  leftOut('timestamp_left_out', 0, 'timestamp'),
  leftOut('method_left_out', 1, 'method'),
  leftOut('path_left_out', 2, 'path'),
  leftOut('query_left_out', 3, 'query'),
  leftOut('body_hash_left_out', 4, 'body hash'),
  {
    code: 'webhook_recipe_for_request',
    message:
      'The request was signed the way webhooks are (timestamp, line feed, body): sign its canonical string of five fields.',
    variants: () => [{ assemble: assembleWebhook }],
  },
  {
    code: 'key_id_included',
    message: 'The key id was signed too: the canonical string has five fields, without the key id.',
    variants: ({ keyId }) => oneMore(keyId),
  },
  {
    code: 'host_included',
    message: 'The host was signed too: the canonical string has five fields, without the host.',
    variants: ({ host }) => oneMore(host),
  },
  {
    code: 'fields_reordered',
    message: 'The fields were signed in another order: it is timestamp, method, path, query, body hash.',
    isBroad: true,
    variants: () =>
      permute([0, 1, 2, 3, 4]).map((order) => ({
        assemble: framed((fields) => order.map((index) => fields[index] as Buffer)),
      })),
  },
]);

/** Mistakes in joining timestamp and body of a webhook. Wire protocol §5. */
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

/** Recipes of other vendors, for a request or a webhook. */
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
      const target = formatRequestTarget(steps);
      return [
        { assemble: ({ timestamp, method, body }) => join([timestamp, method, target, body], '') },
        { assemble: ({ timestamp, method, body }) => join([method, target, timestamp, body], '') },
        { assemble: ({ timestamp, method, body }) => join([method, target, body, timestamp], '') },
      ];
    },
  },
]);
