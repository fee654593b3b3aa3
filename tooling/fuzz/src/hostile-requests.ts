import { createHash, createHmac } from 'node:crypto';
import { mutations } from '@cpg/test-support/server-middleware/fuzz';
import fc from 'fast-check';
import { BODY_LIMIT, KEYS } from './keys.ts';

/** The bytes of one connection, in the pieces in which they are written. */
export interface Stream {
  readonly pieces: readonly Buffer[];
  /** The method of every request; missing when the bytes were mutated, and so the requests are unknown. */
  readonly methods?: readonly string[];
  /** Waits for each response before the next piece. */
  readonly isSequential: boolean;
}

interface Message {
  readonly method: string;
  readonly bytes: Buffer;
  /** Whether a server may close the connection after it. */
  readonly mayClose: boolean;
  /** Whether Node.js may reject it, which destroys a connection with the responses to earlier requests. */
  readonly isAlone: boolean;
  /** Whether its copies have a known result: not those of a key with a limit, which depends on their order. */
  readonly isRepeatable: boolean;
}

/** A share of the values, the more common the more often it is given. */
const often = <Value>(common: Value, ...others: readonly Value[]): fc.Arbitrary<Value> =>
  fc.oneof(
    { weight: 40, arbitrary: fc.constant(common) },
    { weight: 3, arbitrary: fc.constantFrom(...(others as [Value, ...Value[]])) },
  );

const ROUTES = [
  ['GET', '/v1/_ping', ''],
  ['GET', '/v1/balances?currency=USDT&network=ETH', ''],
  ['POST', '/v1/withdrawals', '{"amount":"100.000000","currency":"USDT"}'],
  ['PUT', '/v1/x?b=%2F&a=%2f&&b', 'x'],
  ['DELETE', '/v1/x/../y;z?a=%20+', 'a body of a DELETE'],
  ['PATCH', '/v1/x?', '\0\r\n\r\nGET /v1/_ping HTTP/1.1\r\n\r\n'],
  ['HEAD', '/v1/balances', ''],
  ['OPTIONS', '/v1/balances', ''],
] as const;

type Change = (text: string) => string;
const same: Change = (text) => text;

/** Changes of the target before it is signed: only its form is judged. */
const TARGETS: readonly Change[] = [
  (target) => `/${target}`,
  (target) => target.slice(1),
  (target) => `http://localhost${target}`,
  (target) => `${target}#x`,
  (target) => target.replace('/v1', '/v1\\'),
  (target) => `${target}\xe9`,
  (target) => `${target}\x80`,
  (target) => `${target}??`,
  (target) => `${target}%zz%00`,
  (target) => `/.//${target}`,
  (target) => `${target}/${'a'.repeat(3_000)}`,
  () => '/',
  () => '/?',
  () => '*',
];

/** Changes of the target after it was signed. */
const SENT_TARGETS: readonly Change[] = [
  (target) => `${target}&x=1`,
  (target) => `${target}?`,
  (target) => target.replace('/v1', '/v1/.'),
  (target) => target.replace('%2F', '%2f'),
  (target) => target.replace('v1', '%761'),
  (target) => target.replace('?', '%3F'),
  (target) => target.replace('+', '%20'),
  (target) => target.toUpperCase(),
  (target) => target.replace(/\?(.*)&(n=.*)/, '?$2&$1'),
];

const TIMESTAMPS: readonly Change[] = [
  (now) => `+${now}`,
  (now) => `-${now}`,
  (now) => `0${now}`,
  (now) => `${now}.0`,
  (now) => `${now}e0`,
  (now) => `0x${Number(now).toString(16)}`,
  (now) => `${now}000`,
  (now) => `${now} `,
  (now) => `${now},${now}`,
  (now) => `${now}\xb2`,
  (now) => now.slice(0, 5),
  () => '0',
  () => '999999999999999',
  () => '9999999999999999',
  () => 'now',
  () => '',
];

const SIGNATURES: readonly Change[] = [
  (signature) => signature.toUpperCase(),
  (signature) => signature.slice(0, 63),
  (signature) => `${signature}0`,
  (signature) => `0x${signature}`,
  (signature) => `sha256=${signature}`,
  (signature) => `${signature},${signature}`,
  (signature) => signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
  (signature) => Buffer.from(signature, 'hex').toString('base64'),
  (signature) => signature.replace(/.$/, '\xe9'),
  () => '0'.repeat(64),
  () => '',
];

const KEY_IDS: readonly Change[] = [
  (id) => `${id}\xe9`,
  (id) => `${id} x`,
  (id) => `"${id}"`,
  (id) => id.toUpperCase(),
  () => 'ck_unknown',
  () => '__proto__',
  () => 'k'.repeat(128),
  () => 'k'.repeat(129),
  () => '',
];

/** The name of a header, and its value from the three that were signed. */
type ExtraHeader = (signed: readonly [string, string, string]) => string;
const EXTRA_HEADERS: readonly ExtraHeader[] = [
  ([key]) => `X-CPG-Key: ${key}`,
  ([, timestamp]) => `x-cpg-timestamp: ${timestamp}`,
  ([, , signature]) => `X-Cpg-Signature: ${signature}`,
  () => 'X-CPG-Key: ck_other',
  () => 'X-CPG-Timestamp:',
  () => 'X-CPG-SIGNATURE: ',
  ([key]) => `X_CPG_Key: ${key}`,
  () => 'X-CPG-Key2: x',
  () => 'Authorization: HMAC x',
  () => 'X-HTTP-Method-Override: DELETE',
  () => 'X-Original-URL: /admin',
  () => 'X-Forwarded-For: 10.0.0.1',
  () => 'Content-Encoding: gzip',
  () => 'Content-Encoding: IDENTITY',
  () => 'Content-Encoding:',
  () => 'Content-Encoding: identity,\tidentity ,,',
  () => 'Content-Encoding: identity, br',
  () => 'Content-Encoding: identity;q=1',
  () => 'Content-Encoding: identity\r\nContent-Encoding: deflate',
  () => 'Content-Encoding: identity\r\ncontent-encoding: identity',
  () => 'Digest: sha-256=x',
  () => 'Trailer: X-CPG-Key',
  () => 'Connection: close',
  () => 'Connection: keep-alive, X-CPG-Key',
  () => 'Expect: 100-continue',
  () => `X-Long: ${'x'.repeat(5_000)}`,
];
const MAY_CLOSE = /^(?:connection: close|expect:)/im;

type Framing = (body: Buffer, signed: readonly [string, string, string]) => readonly [string, Buffer];
const chunked =
  (
    size: number,
    extension = '',
    getTrailer: (signed: readonly [string, string, string]) => string = () => '',
  ): Framing =>
  (body, signed) => {
    const parts: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) {
      const part = body.subarray(at, at + size);
      parts.push(Buffer.from(`${part.length.toString(16)}${extension}\r\n`), part, Buffer.from('\r\n'));
    }
    return [
      'Transfer-Encoding: chunked',
      Buffer.concat([...parts, Buffer.from(`0\r\n${getTrailer(signed)}\r\n`)]),
    ];
  };
const declared: Framing = (body) => [`Content-Length: ${body.length}`, body];
const FRAMINGS: readonly Framing[] = [
  (body) => [`content-length: 00${body.length}`, body],
  chunked(1),
  chunked(7, ';x=y'),
  chunked(4_096),
  chunked(100, '', ([key]) => `X-CPG-Key: ${key}\r\n`),
  chunked(100, '', ([, , signature]) => `X-CPG-Signature: ${signature}\r\nContent-Encoding: gzip\r\n`),
];

const BODIES: readonly ((body: Buffer) => Buffer)[] = [
  (body) => Buffer.concat([body, Buffer.from('\n')]),
  (body) => body.subarray(1),
  () => Buffer.alloc(0),
  () => Buffer.from([0xff, 0xfe, 0, 0x0a]),
  () => Buffer.alloc(BODY_LIMIT - 1, 'a'),
  () => Buffer.alloc(BODY_LIMIT, 'a'),
  () => Buffer.alloc(BODY_LIMIT + 1, 'a'),
  () => Buffer.alloc(20_000, 'a'),
];
const sameBody = (body: Buffer) => body;

/** Leaves out a header, writes it twice, or with another case or white space. */
const LINES: readonly ((line: string) => string)[] = [
  () => '',
  (line) => `${line}\r\n${line}`,
  (line) => line.toLowerCase(),
  (line) => line.replace(/^[^:]*/, (name) => name.toUpperCase()),
  (line) => line.replace(': ', ':'),
  (line) => line.replace(': ', ':\t  '),
  (line) => `${line} \t`,
];

const plans = fc.record({
  route: fc.constantFrom(...ROUTES),
  key: fc.oneof(
    { weight: 8, arbitrary: fc.constant(KEYS[0]) },
    { weight: 8, arbitrary: fc.constantFrom(...KEYS) },
  ),
  secretIndex: fc.nat(1),
  keyId: often(same, ...KEY_IDS),
  offset: often(0, -300, -301, 300, 301, -299, 1, 100_000),
  timestamp: often(same, ...TIMESTAMPS),
  secret: often(
    same,
    (secret: string) => `${secret} `,
    () => '',
    (secret: string) => secret.toUpperCase(),
  ),
  signedMethod: often(
    same,
    (method: string) => method.toLowerCase(),
    () => 'GET',
  ),
  target: often(same, ...TARGETS),
  sentTarget: often(same, ...SENT_TARGETS),
  body: often(sameBody, ...BODIES),
  sentBody: often(sameBody, ...BODIES),
  signature: often(same, ...SIGNATURES),
  framing: often(declared, ...FRAMINGS),
  extras: often([], ...EXTRA_HEADERS.map((header) => [header])),
  line: fc.nat(2),
  changeLine: often(same, ...LINES),
  isReversed: fc.boolean(),
});
type Plan = typeof plans extends fc.Arbitrary<infer Value> ? Value : never;

const sign = (
  plan: Plan,
  { target, body, timestamp }: { target: string; body: Buffer; timestamp: string },
) => {
  const [path, ...query] = target.split('?');
  const { secrets } = plan.key as (typeof KEYS)[number];
  const secret = plan.secret(secrets[plan.secretIndex % secrets.length] as string);
  const hash = createHash('sha256').update(body).digest('hex');
  const text = [timestamp, plan.signedMethod(plan.route[0]), path, query.join('?'), hash].join('\n');
  return plan.signature(createHmac('sha256', secret).update(text).digest('hex'));
};

/** Makes the bytes of a plan; `serial` makes every signature unique. */
const build = (plan: Plan, { now, serial }: { readonly now: number; readonly serial: number }): Message => {
  const [method, path, text] = plan.route;
  const separator = path.includes('?') ? '&' : '?';
  const target = plan.target(`${path}${separator}n=${serial}`);
  const body = plan.body(Buffer.from(text, 'latin1'));
  const timestamp = plan.timestamp(String(now + plan.offset));
  const signed = [
    plan.keyId((plan.key as (typeof KEYS)[number]).id),
    timestamp,
    sign(plan, { target, body, timestamp }),
  ] as const;
  const sentBody = plan.sentBody(body);
  const [framing, payload] = plan.framing(sentBody, signed);
  const isBodiless = sentBody.length === 0 && plan.framing === declared;
  const lines = [`X-CPG-Key: ${signed[0]}`, `X-CPG-Timestamp: ${signed[1]}`, `X-CPG-Signature: ${signed[2]}`]
    .map((line, index) => (index === plan.line ? plan.changeLine(line) : line))
    .concat(
      plan.extras.map((header) => header(signed)),
      isBodiless ? [] : [framing],
    );
  const headers = ['Host: localhost', ...(plan.isReversed ? lines.reverse() : lines)].filter(
    (line) => line !== '',
  );
  const head = `${method} ${plan.sentTarget(target)} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
  return {
    method,
    bytes: Buffer.concat([Buffer.from(head, 'latin1'), payload]),
    isAlone: !/^\/[!-~]*$/.test(plan.sentTarget(target)),
    mayClose: sentBody.length > BODY_LIMIT || headers.some((line) => MAY_CLOSE.test(line)),
    isRepeatable: plan.key?.limit === null,
  };
};

const steps = fc.record({
  plan: plans,
  /** What becomes of the message: sent as it is, with bytes changed, twice at the same time, or an earlier one again. */
  way: fc.oneof(
    { weight: 12, arbitrary: fc.constant('plain' as const) },
    { weight: 5, arbitrary: fc.constantFrom('mutated', 'raced', 'replayed') },
  ),
  mutate: mutations,
  earlier: fc.nat(),
  isLast: fc.nat(9).map((chance) => chance === 0),
  isSequential: fc.boolean(),
  pieceBytes: fc.constantFrom(1_000_000, 1_000_000, 1_000_000, 700, 61),
});

const MAX_EARLIER = 5_000;

/** Makes hostile requests, always the same for a seed. Each round is the requests of one second of the simulated clock. */
export class HostileRequests {
  readonly #seed: number;
  readonly #earlier: Message[] = [];
  #serial = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  createRound(count: number, { round, now }: { readonly round: number; readonly now: number }): Stream[] {
    const streams: Stream[] = [];
    let open: Message[] = [];
    const close = (isSequential: boolean, pieceBytes: number) => {
      if (open.length === 0) return;
      const messages = open.map(({ bytes }) => bytes);
      streams.push({
        pieces: isSequential ? messages : cut(Buffer.concat(messages), pieceBytes),
        methods: open.map(({ method }) => method),
        isSequential,
      });
      open = [];
    };
    const sent: Message[] = [];
    for (const step of fc.sample(steps, { seed: this.#seed + round, numRuns: count })) {
      this.#serial += 1;
      const fresh = build(step.plan, { now, serial: this.#serial });
      // A mutation can change the method, on which the length of a response to HEAD depends, and lose a counted request.
      if (step.way === 'mutated' && fresh.method !== 'HEAD' && fresh.isRepeatable) {
        streams.push({ pieces: cut(step.mutate(fresh.bytes), step.pieceBytes), isSequential: false });
        continue;
      }
      const earlier = this.#earlier[step.earlier % this.#earlier.length];
      const message = step.way === 'replayed' && earlier !== undefined ? earlier : fresh;
      if (message.isAlone) close(step.isSequential, step.pieceBytes);
      open.push(message);
      if (step.way === 'raced' && message.isRepeatable) {
        // The copy is on the next connection.
        close(step.isSequential, step.pieceBytes);
        open.push(message);
      }
      if (message.isRepeatable) sent.push(message);
      if (step.isLast || message.isAlone || message.mayClose) close(step.isSequential, step.pieceBytes);
    }
    close(false, 1_000_000);
    this.#earlier.push(...sent);
    this.#earlier.splice(0, this.#earlier.length - MAX_EARLIER);
    return streams;
  }
}

const cut = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
