import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { NOW, SECRET } from './fixtures.ts';

/** A request as Node handed it over. */
export interface ArrivedRequest {
  readonly method: string;
  readonly target: string;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/**
 * A second, plain implementation of the wire protocol, for the key `ck_full` at the time NOW: the middleware must never
 * accept what this rejects.
 */
export class CleanVerifier {
  readonly #used = new Set<string>();

  accepts({ method, target, rawHeaders, body }: ArrivedRequest): boolean {
    const getValues = (wanted: string) =>
      rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === wanted);
    const [keyId, ...moreKeys] = getValues('x-cpg-key');
    const [timestamp = '', ...moreTimestamps] = getValues('x-cpg-timestamp');
    const [signature = '', ...moreSignatures] = getValues('x-cpg-signature');
    const isPlain = [...moreKeys, ...moreTimestamps, ...moreSignatures].length === 0;
    const isTarget = /^\/(?!\/)[\x21-\x7e]*$/.test(target) && !/[#\\]/.test(target);
    const isFresh = /^(0|[1-9]\d{0,14})$/.test(timestamp) && Math.abs(Number(timestamp) - NOW) <= 300;
    const isUncompressed = getValues('content-encoding').every((value) => /^(identity)?$/i.test(value));
    const [path, ...query] = target.split('?');
    const bodyHash = createHash('sha256').update(body).digest('hex');
    const canonical = [timestamp, method, path, query.join('?'), bodyHash].join('\n');
    const isGenuine = createHmac('sha256', SECRET).update(canonical).digest('hex') === signature;
    const isNew = !this.#used.has(signature);
    const isAccepted =
      isPlain && keyId === 'ck_full' && isTarget && isFresh && isUncompressed && isGenuine && isNew;
    if (isAccepted) this.#used.add(signature);
    return isAccepted;
  }
}

/** One change to the bytes of a request; positions are shares of its length. */
type Mutation = (bytes: Buffer) => Buffer;

const TOKENS = [
  '\r\n',
  '\n',
  '\0',
  ' ',
  '?',
  '&',
  '#',
  '//',
  '/../',
  '%2f',
  '\\',
  'http://x',
  'é',
  '\xff',
  '0',
  'X-CPG-Key: ck_full\r\n',
  'X-CPG-Timestamp: 1747444801\r\n',
  'x-cpg-signature: 00\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Encoding: gzip\r\n',
  'Expect: 100-continue\r\n',
  'Connection: close\r\n',
  '\r\n\r\n',
] as const;

const position = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const at = (bytes: Buffer, share: number) => Math.floor(bytes.length * share);

const splice = (bytes: Buffer, [start, end]: readonly [number, number], replacement: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, start), replacement, bytes.subarray(end)]);

const insertToken = fc.tuple(position, fc.constantFrom(...TOKENS)).map(
  ([share, token]): Mutation =>
    (bytes) => {
      const start = at(bytes, share);
      return splice(bytes, [start, start], Buffer.from(token, 'latin1'));
    },
);

/** At the head of a line, where a header can stand. */
const insertLine = fc.tuple(position, fc.constantFrom(...TOKENS)).map(
  ([share, token]): Mutation =>
    (bytes) => {
      const start = bytes.indexOf('\r\n', at(bytes, share)) + 2;
      return splice(bytes, [start, start], Buffer.from(token, 'latin1'));
    },
);

const flipBit = fc.tuple(position, fc.nat(7)).map(
  ([share, bit]): Mutation =>
    (bytes) => {
      const start = at(bytes, share);
      return splice(bytes, [start, start + 1], Buffer.from([(bytes[start] ?? 0) ^ (1 << bit)]));
    },
);

const setByte = fc.tuple(position, fc.nat(255)).map(
  ([share, byte]): Mutation =>
    (bytes) => {
      const start = at(bytes, share);
      return splice(bytes, [start, start + 1], Buffer.from([byte]));
    },
);

const remove = fc.tuple(position, fc.integer({ min: 1, max: 40 })).map(
  ([share, length]): Mutation =>
    (bytes) => {
      const start = at(bytes, share);
      return splice(bytes, [start, start + length], Buffer.alloc(0));
    },
);

const duplicate = fc.tuple(position, fc.integer({ min: 1, max: 200 })).map(
  ([share, length]): Mutation =>
    (bytes) => {
      const start = at(bytes, share);
      return splice(bytes, [start, start], bytes.subarray(start, start + length));
    },
);

const truncate = position.map(
  (share): Mutation =>
    (bytes) =>
      bytes.subarray(0, at(bytes, share)),
);

const repeatLine = position.map(
  (share): Mutation =>
    (bytes) => {
      const start = bytes.indexOf('\r\n', at(bytes, share)) + 2;
      const end = bytes.indexOf('\r\n', start) + 2;
      return end <= start ? bytes : splice(bytes, [start, start], bytes.subarray(start, end));
    },
);

const changeCase = position.map(
  (share): Mutation =>
    (bytes) => {
      const start = at(bytes, share);
      const slice = bytes.subarray(start, start + 12).toString('latin1');
      const swapped = slice === slice.toUpperCase() ? slice.toLowerCase() : slice.toUpperCase();
      return splice(bytes, [start, start + 12], Buffer.from(swapped, 'latin1'));
    },
);

const twice = fc.constant<Mutation>((bytes) => Buffer.concat([bytes, bytes]));

/** None, one or a few changes. */
export const mutations: fc.Arbitrary<Mutation> = fc
  .array(
    fc.oneof(
      insertToken,
      insertLine,
      flipBit,
      setByte,
      remove,
      duplicate,
      truncate,
      repeatLine,
      changeCase,
      twice,
    ),
    { maxLength: 3 },
  )
  .map(
    (list): Mutation =>
      (bytes) =>
        list.reduce((mutated, mutate) => mutate(mutated), bytes),
  );
