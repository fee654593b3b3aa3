import { defineMistakes, type Mistake } from './mistake.ts';
import { permutationsOf } from './permutations.ts';
import { assembleRequest, assembleWebhook, fieldsOf, join, type SigningSteps } from './signing-steps.ts';

type Fields = readonly (Buffer | string)[];
const framed =
  (frame: (fields: Fields) => Fields, separator = '\n') =>
  (steps: SigningSteps): Buffer =>
    join(frame(fieldsOf(steps)), separator);

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

/** Mistakes in putting the five fields of a request together. Contract §1.2. */
export const requestFramingMistakes = defineMistakes([
  {
    code: 'trailing_newline',
    message:
      'The canonical string was signed with a newline at its end: there is none after the body hash (use printf, not echo).',
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
    message:
      'The key id was signed too: the canonical string has five fields, and the key id is none of them.',
    variants: ({ keyId }) => oneMore(keyId),
  },
  {
    code: 'host_included',
    message: 'The host was signed too: the canonical string has five fields, and the host is none of them.',
    variants: ({ host }) => oneMore(host),
  },
  {
    code: 'fields_reordered',
    message: 'The fields were signed in another order: it is timestamp, method, path, query, body hash.',
    isBroad: true,
    variants: () =>
      permutationsOf([0, 1, 2, 3, 4]).map((order) => ({
        assemble: framed((fields) => order.map((index) => fields[index] as Buffer)),
      })),
  },
]);
