import { defineMistakes } from './find-mistakes.ts';
import type { SigningSteps } from './signing-steps.ts';

/** How to make the usual proxies pass the request target on, byte for byte. */
const PROXY_SETTINGS =
  'nginx: "proxy_pass http://upstream;" with nothing after the host, and "merge_slashes off;"; Apache: "ProxyPass / http://upstream/ nocanon", "AllowEncodedSlashes NoDecode" and "MergeSlashes Off"; haproxy: without "http-request set-path", "replace-path" and "normalize-uri"';

/** The fix of a difference that the client or a proxy has made; the receiver cannot tell which. */
export const PASS_ON = `if a proxy rewrites it, make the proxy pass the target on unchanged (${PROXY_SETTINGS})`;

// Where a proxy reports nothing, the prefixes that public APIs have.
const PREFIXES = ['api', 'cpg', 'payments', 'payment', 'pay', 'gateway', 'rest', 'public'];
const MORE_PREFIXES = [
  ...['service', 'services', 'backend', 'app', 'internal', 'external', 'partner', 'partners', 'merchant'],
  ...['merchants', 'wallet', 'wallets', 'crypto', 'prod', 'production', 'staging', 'stage', 'dev', 'test'],
  ...['sandbox', 'v1', 'v2', 'api/v1', 'api/v2', 'api/cpg', 'cpg/api', 'api/payments', 'payments/api'],
  ...['api/gateway', 'gateway/api', 'rest/api', 'public/api'],
];

/** The prefixes that a proxy may have stripped: those that it reports, then usual ones. */
export const getLikelyPrefixes = ({ forwarded }: SigningSteps): string[] => [
  ...forwarded.prefixes.map((prefix) => prefix.replace(/\/+$/, '')),
  ...PREFIXES.map((prefix) => `/${prefix}`),
];

const withoutFirstSegment = (path: string): string => path.replace(/^\/[^/]*/, '');

// A longer path is no endpoint, and each position is a variant.
const MAX_POSITIONS = 24;

/** The path with each slash in turn replaced, and with all of them. */
const replaceSlashes = (path: string, replacement: string): string[] => {
  const positions = [...path.matchAll(/\//g)].slice(0, MAX_POSITIONS).map(({ index }) => index);
  const each = positions.map((position) => path.slice(0, position) + replacement + path.slice(position + 1));
  return [...each, path.replaceAll('/', replacement)];
};

// The characters that RFC 3986 allows in a path, besides letters and digits: escaped and plain are often exchanged.
const PLAIN = [...`~-._!$&'()*+,;=:@`];
const escapeCharacter = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
const UNRESERVED_ESCAPE = /%(?:2[DdEe]|3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|5[Ff]|7[Ee])/g;
const SUB_DELIMITER_ESCAPE = /%(?:2[146-9A-Ca-c]|3[AaBbDd]|40)/g;
const unescapeAll = (path: string, pattern: RegExp): string =>
  path.replace(pattern, (digits) => String.fromCharCode(Number.parseInt(digits.slice(1), 16)));

/** Paths that a proxy turns into the received one when it decodes or encodes characters. */
const rewriteEscapes = (path: string): string[] => {
  const present = PLAIN.filter((character) => path.includes(character));
  const one = present.map((character) => path.replaceAll(character, escapeCharacter(character)));
  const all = present.reduce(
    (text, character) => text.replaceAll(character, escapeCharacter(character)),
    path,
  );
  const unreserved = unescapeAll(path, UNRESERVED_ESCAPE);
  const encoded = [...one, all];
  return [
    ...encoded,
    ...encoded.map((text) => text.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase())),
    ...[unreserved, unescapeAll(unreserved, SUB_DELIMITER_ESCAPE)],
    path.replace(/%[0-9A-Fa-f]{2}/g, (digits) => digits.toLowerCase()),
  ];
};

const toPaths = (paths: readonly string[]) => paths.map((path) => ({ path }));

/** Rewriting by a proxy between the client, which signed correctly, and the server. Wire protocol §1.2. */
export const proxyMistakes = defineMistakes([
  {
    code: 'path_prefix_stripped',
    message: `The signed path has a prefix that the received path lacks, so a proxy strips it: make it pass the target on unchanged (${PROXY_SETTINGS}), or restore the prefix before verification.`,
    variants: (steps) => {
      const prefixes = [...getLikelyPrefixes(steps), ...MORE_PREFIXES.map((prefix) => `/${prefix}`)];
      return toPaths(
        prefixes.flatMap((prefix) => [prefix + steps.path, prefix + withoutFirstSegment(steps.path)]),
      );
    },
  },
  {
    code: 'path_slashes_merged',
    message: `The signed path has a double slash that the received path lacks: build the URL without it, and ${PASS_ON}.`,
    variants: ({ path }) => toPaths(replaceSlashes(path, '//')),
  },
  {
    code: 'path_escapes_rewritten',
    message: `Characters of the path are escaped in the signed path and plain in the received one, or the reverse: sign the path as it is sent, and ${PASS_ON}.`,
    variants: ({ path }) =>
      toPaths([...rewriteEscapes(path), ...replaceSlashes(path, '%2F'), ...replaceSlashes(path, '%2f')]),
  },
  {
    code: 'target_rewritten',
    message: `The request target was rewritten on its way, in more than one place: sign the target as it is sent, and ${PASS_ON}.`,
    isBroad: true,
    variants: (steps) => {
      const { path, forwarded } = steps;
      const reported = forwarded.targets.map((target) => {
        const mark = target.indexOf('?');
        return mark === -1
          ? { path: target, query: '' }
          : { path: target.slice(0, mark), query: target.slice(mark + 1) };
      });
      const slashes = replaceSlashes(path, '//');
      const escapes = rewriteEscapes(path);
      const both = escapes.flatMap((escaped) => replaceSlashes(escaped, '//'));
      const prefixed = getLikelyPrefixes(steps).flatMap((prefix) =>
        [...slashes, ...escapes].flatMap((rewritten) => prefix + rewritten),
      );
      const prefixedBoth = getLikelyPrefixes(steps)
        .slice(0, 2)
        .flatMap((prefix) => both.map((rewritten) => prefix + rewritten));
      return [...reported, ...toPaths([...both, ...prefixed, ...prefixedBoth])];
    },
  },
]);

/** What a proxy in front of the receiver reports of the original request. */
export interface Forwarded {
  readonly hosts: readonly string[];
  readonly prefixes: readonly string[];
  readonly targets: readonly string[];
}

const HEADERS: Readonly<Record<string, keyof Forwarded>> = {
  host: 'hosts',
  'x-forwarded-host': 'hosts',
  'x-original-host': 'hosts',
  'x-forwarded-prefix': 'prefixes',
  'x-script-name': 'prefixes',
  'x-original-uri': 'targets',
  'x-original-url': 'targets',
  'x-forwarded-uri': 'targets',
  'x-rewrite-url': 'targets',
  'x-envoy-original-path': 'targets',
};

const MAX_VALUES = 4;
const MAX_LENGTH = 2_048;

/** Reads what proxies report. A client can send the same headers, so the values are only tried, a few of each. */
export const readForwarded = (rawHeaders: readonly string[], host: string | undefined): Forwarded => {
  const forwarded = { hosts: host ? [host] : [], prefixes: [] as string[], targets: [] as string[] };
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const list = HEADERS[(rawHeaders[index] as string).toLowerCase()];
    if (list === undefined) continue;
    for (const value of (rawHeaders[index + 1] as string).split(',', MAX_VALUES)) {
      const text = value.trim();
      const isUsable = text !== '' && text.length <= MAX_LENGTH && !forwarded[list].includes(text);
      if (isUsable && forwarded[list].length < MAX_VALUES) forwarded[list].push(text);
    }
  }
  return forwarded;
};
