import { type DoctorFinding, failure, ok, warning } from './finding.ts';
import { getFolder, hasArrived, makeUnique, type ProbeResult, type Prober, type UrlCheck } from './prober.ts';

const FORGED = { 'X-CPG-Signature': '0'.repeat(64) };

const PATH_FIX =
  'Fix: pass the target on as it came. nginx: proxy_pass http://upstream; without a path, not even /. Apache: ProxyPass with nocanon, and AllowEncodedSlashes NoDecode. haproxy: no normalize-uri or set-path. Envoy: normalize_path false, merge_slashes false.';

/** Paths that proxies like to change; each is unknown to the service, which says so after it has accepted the signature. */
const PATHS: readonly (readonly [what: string, path: string])[] = [
  ['an escape that is not needed (%7E)', '_cpg%7Edoctor'],
  ['an encoded slash (%2F)', '_cpg%2Fdoctor'],
  ['escapes in lower case (%c3)', '_cpg-doctor%c3%a9'],
  ['a double slash', '/_cpg-doctor'],
  ['dot segments', '_cpg/.././doctor'],
  ['reserved characters', "_cpg-doctor;v=1:@!$&'()*+,"],
];

/** The path must reach the service byte for byte. */
export const checkPaths: UrlCheck = async ({ prober, target }) => {
  const check = 'path';
  const changed: string[] = [];
  for (const [what, path] of PATHS) {
    const sent = `${getFolder(target)}${path}`;
    const result = await prober.send({ target: makeUnique(sent) });
    if (!(hasArrived(result) || (await isFromTheApp(prober, sent, result)))) {
      changed.push(`${what}, ${result.detail}`);
    }
  }
  return [
    changed.length === 0
      ? ok(check, `arrives unchanged, also with ${PATHS.map(([what]) => what).join(', ')}`)
      : failure(check, `does not arrive unchanged with ${changed.join('; ')}. ${PATH_FIX}`),
  ];
};

/** Whether the app sent a response in a format of its own: then it rejects the same target with a forged signature. */
const isFromTheApp = async (prober: Prober, target: string, result: ProbeResult): Promise<boolean> =>
  result.verdict === 'foreign' &&
  (await prober.send({ target: makeUnique(target), headers: FORGED })).verdict === 'invalid_signature';

/** The query must reach the service byte for byte. */
export const checkQuery: UrlCheck = async ({ prober, target }) => {
  const check = 'query';
  const separator = target.includes('?') ? '&' : '?';
  const sent = `${target}${separator}b=2&a=1&a=%20+%2B%2f~%7E&&c&d=`;
  const result = await prober.send({ target: makeUnique(sent) });
  return [
    hasArrived(result)
      ? ok(check, 'order, repeats, plus signs and escapes: unchanged')
      : failure(
          check,
          `order, repeats, plus signs or escapes arrive changed: ${result.detail}. Fix: pass the query on as it came. nginx: no $arg_… in proxy_pass or rewrite; set $args only to itself. haproxy: no set-query, no query-sort-by-name.`,
        ),
  ];
};

/** HEAD and OPTIONS are methods like any other: signed, and never responded to by a proxy. */
export const checkMethods: UrlCheck = async ({ prober, target }) => {
  const head = await prober.send({ method: 'HEAD', target: makeUnique(target) });
  // A response to HEAD has no body to read an envelope from.
  const { status } = head;
  const isAccepted = status === 405 || (status >= 200 && status < 300);
  const signed = await prober.send({ method: 'OPTIONS', target: makeUnique(target) });
  const forged = await prober.send({ method: 'OPTIONS', target: makeUnique(target), headers: FORGED });
  return [
    isAccepted
      ? ok('HEAD', 'arrives as HEAD')
      : failure(
          'HEAD',
          `a signed HEAD must be accepted: got ${status}. Fix: pass the method on. nginx: proxy_cache_convert_head off, no proxy_method.`,
        ),
    checkOptions(signed, forged),
  ];
};

const checkOptions = (signed: ProbeResult, forged: ProbeResult): DoctorFinding => {
  const check = 'OPTIONS';
  if (forged.verdict !== 'invalid_signature') {
    const detail = `is not passed on to cpgAuth: ${forged.detail}. If that is a CORS handler, remove it: browsers must not hold a secret.`;
    return warning(check, detail);
  }
  return hasArrived(signed) || signed.verdict === 'foreign'
    ? ok(check, 'is passed on')
    : failure(check, `a signed OPTIONS must be accepted: ${signed.detail}`);
};
