import { brotliDecompressSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { isLost } from './admission-checks.ts';
import { type DoctorFinding, failure, ok, warning } from './finding.ts';
import { type Examined, getNow, hasArrived, makeUnique, type ProbeResult, type UrlCheck } from './prober.ts';

// POST on a target that takes GET: the service reads the body, accepts the signature, and then rejects the method.
const SMALL = Buffer.from('{"probe": true}');
const MIB = 1024 * 1024;
const LIMIT_FIX =
  'Fix: a limit of the proxy above the bodyLimit of cpgAuth. nginx: client_max_body_size 2m. Apache: LimitRequestBody. ingress-nginx: proxy-body-size.';

const post = (
  { prober, target }: Examined,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<ProbeResult> => prober.send({ method: 'POST', target: makeUnique(target), body, headers });

export const checkSmallBody: UrlCheck = async (examined) => {
  const whole = await post(examined, SMALL);
  const chunked = await examined.prober.send({
    method: 'POST',
    target: makeUnique(examined.target),
    body: SMALL,
    headers: { 'Content-Length': undefined, 'Transfer-Encoding': 'chunked' },
    sentBody: formatChunks(SMALL),
  });
  return [
    isAccepted(whole)
      ? ok('body', 'arrives unchanged')
      : failure('body', `must arrive unchanged: ${whole.detail}. Fix: no filter that rewrites bodies`),
    isAccepted(chunked)
      ? ok('chunked body', 'arrives unchanged')
      : warning('chunked body', `is not accepted: ${chunked.detail}. Clients that stream bodies need it.`),
  ];
};

// A service without a handler for POST may respond in a format of its own.
const isAccepted = (result: ProbeResult): boolean =>
  hasArrived(result) || (result.verdict === 'foreign' && [404, 405].includes(result.status));

const formatChunks = (body: Buffer): Buffer => {
  const half = Math.ceil(body.length / 2);
  const chunks = [body.subarray(0, half), body.subarray(half)].map((chunk) =>
    Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]),
  );
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]);
};

export const checkBodyLimit: UrlCheck = async (examined) => {
  const full = await post(examined, createBody(MIB));
  const oversized = await post(examined, createBody(2 * MIB));
  return [describeFull(full), describeOversized(oversized)];
};

const createBody = (length: number): Buffer => Buffer.from(`{"probe": "${'x'.repeat(length - 13)}"}`);

const describeFull = (full: ProbeResult): DoctorFinding => {
  const check = 'body limit';
  if (isAccepted(full)) return ok(check, 'a body of 1 MiB arrives');
  if (full.verdict === 'body_too_large') return ok(check, 'the service accepts less than 1 MiB');
  return full.status === 413
    ? warning(check, `a proxy accepts less than 1 MiB: ${full.detail}. ${LIMIT_FIX}`)
    : failure(check, `a body of 1 MiB must be accepted, or rejected with 413: ${full.detail}`);
};

const describeOversized = (oversized: ProbeResult): DoctorFinding => {
  const check = 'oversized body';
  if (oversized.verdict === 'body_too_large') return ok(check, 'is rejected by the service, with 413');
  if (isAccepted(oversized)) return ok(check, 'the service accepts more than 2 MiB');
  return oversized.status === 413
    ? warning(
        check,
        `is rejected by a proxy, without the message of the service: ${oversized.detail}. ${LIMIT_FIX}`,
      )
    : failure(check, `a body of 2 MiB must be rejected with 413: ${oversized.detail}. ${LOST_FIX}`);
};

const LOST_FIX =
  'Fix: drainUnreadBodies(server) in the service. nginx: proxy_http_version 1.1 with Connection "", lingering_close on.';
const UPLOADS = 3;

/** Rejections that are sent before the body was read must not be lost. */
export const checkEarlyRejections: UrlCheck = async ({ prober, target }) => {
  const check = 'early rejections';
  const body = createBody(MIB);
  const outcomes: ProbeResult[] = [];
  for (let count = 0; count < UPLOADS; count += 1) {
    for (const Connection of ['keep-alive', 'close']) {
      outcomes.push(
        await prober.send({
          method: 'POST',
          target: makeUnique(target),
          timestamp: getNow() - 3600,
          body,
          headers: { Connection },
        }),
      );
    }
  }
  const lost = outcomes.filter((result) => result.verdict === 'none' || isLost(result));
  const [example] = lost;
  return [
    example === undefined
      ? ok(check, `${outcomes.length} responses reached a client that was still sending`)
      : failure(
          check,
          `${lost.length} of ${outcomes.length} responses did not reach a client that was still sending: ${example.detail}. ${LOST_FIX}`,
        ),
  ];
};

export const checkRequestCompression: UrlCheck = async (examined) => {
  const check = 'gzip request';
  const result = await post(examined, gzipSync(SMALL), { 'Content-Encoding': 'gzip' });
  return [
    result.verdict === 'content_encoding_not_supported'
      ? ok(check, 'is rejected by the service, with 415')
      : failure(
          check,
          `must be rejected with 415: ${result.detail}. Fix: no proxy that decompresses requests. Apache: no SetInputFilter DEFLATE. Envoy: no decompressor for requests.`,
        ),
  ];
};

const DECODERS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

export const checkResponseCompression: UrlCheck = async ({ prober, target }) => {
  const check = 'gzip response';
  const plain = await prober.send({ target: makeUnique(target) });
  const headers = { 'Accept-Encoding': Object.keys(DECODERS).join(', ') };
  const compressed = await prober.send({ target: makeUnique(target), headers });
  const forced = getEncoding(plain);
  if (forced !== undefined) {
    return [
      failure(
        check,
        `a client that does not ask for it gets ${forced}. Fix: compress on Accept-Encoding only`,
      ),
    ];
  }
  const encoding = getEncoding(compressed);
  if (encoding === undefined) return [ok(check, 'responses are not compressed')];
  return [
    decode(compressed, encoding) === plain.body.toString()
      ? ok(check, `responses are compressed on request (${encoding}), which is harmless`)
      : failure(check, `the response in ${encoding} is not the plain one`),
  ];
};

const getEncoding = ({ headers }: ProbeResult): string | undefined =>
  headers['content-encoding'] === 'identity' ? undefined : headers['content-encoding'];

const decode = ({ body }: ProbeResult, encoding: string): string | undefined => {
  try {
    return DECODERS[encoding]?.(body).toString();
  } catch {
    return undefined;
  }
};

export const checkExpectation: UrlCheck = async (examined) => {
  const check = 'Expect';
  const result = await post(examined, SMALL, { Expect: '100-continue' });
  return [
    isAccepted(result)
      ? ok(check, '100-continue is supported')
      : warning(
          check,
          `100-continue is not supported: ${result.detail}. curl asks for it before a large body.`,
        ),
  ];
};
