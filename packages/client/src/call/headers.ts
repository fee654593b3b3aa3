import { AUTHENTICATION_HEADERS, SIGNATURE_HEADER } from '@cpg/protocol';
import packageJson from '../../package.json' with { type: 'json' };
import { CpgError } from '../errors.ts';
import { checkOptions, OBJECT, type OptionRules, requireOption, TEXT } from '../guards.ts';
import { describe, getRuntime } from '../platform.ts';

/** The program or library that uses this package. */
export interface AppInfo {
  readonly name: string;
  readonly version?: string | undefined;
  readonly url?: string | undefined;
}

export type HeaderValues = Readonly<Record<string, string>>;

const APP_INFO: OptionRules<AppInfo> = { name: TEXT, version: TEXT, url: TEXT };

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const PRODUCT = /^[\x21-\x7e]+$/;
// They frame the request, or are part of its authentication.
const RESERVED = new Set(
  [
    ...AUTHENTICATION_HEADERS,
    'Host',
    'Content-Length',
    'Content-Encoding',
    'Transfer-Encoding',
    'Connection',
    'Keep-Alive',
    'Upgrade',
    'Expect',
    'TE',
    'Trailer',
  ].map((name) => name.toLowerCase()),
);

/**
 * Checks the `headers` option.
 *
 * @throws CpgError `invalid_configuration` for a header that cannot be sent, or that the client sets itself.
 */
export const checkHeaders = (owner: string, headers: unknown): void => {
  if (headers === undefined) return;
  requireOption(`${owner}: headers`, headers, OBJECT);
  for (const [name, value] of Object.entries(headers as object)) {
    const reject = (problem: string): never => {
      throw new CpgError('invalid_configuration', `${owner}: headers: ${JSON.stringify(name)} ${problem}`);
    };
    if (!NAME.test(name)) reject('is not a header name.');
    if (RESERVED.has(name.toLowerCase())) reject('is set by the client and cannot be changed.');
    if (typeof value !== 'string') reject(`must be a string: got ${describe(value)}.`);
    else if (!VALUE.test(value)) reject('must not contain line breaks or characters beyond U+00FF.');
  }
};

/** @throws CpgError `invalid_configuration` for values that cannot be part of a `User-Agent`. */
export const checkAppInfo = (owner: string, appInfo: AppInfo | undefined): void => {
  if (appInfo === undefined) return;
  checkOptions(`${owner}: appInfo`, appInfo, APP_INFO);
  requireOption(`${owner}: appInfo.name`, appInfo.name, TEXT);
  const part = {
    accepts: (value: unknown) => value === undefined || (typeof value === 'string' && PRODUCT.test(value)),
    expected: 'visible ASCII without spaces',
  };
  for (const [name, value] of Object.entries(appInfo))
    requireOption(`${owner}: appInfo.${name}`, value, part);
};

/** The `User-Agent` header: the versions of this package, of the runtime and of the program. */
export const createUserAgent = (appInfo: AppInfo | undefined): string => {
  const { name, version } = getRuntime();
  const own = `cpg-client/${packageJson.version} ${name}${version && `/${version}`}`;
  if (appInfo === undefined) return own;
  const product = appInfo.version === undefined ? appInfo.name : `${appInfo.name}/${appInfo.version}`;
  return `${own} ${product}${appInfo.url === undefined ? '' : ` (${appInfo.url})`}`;
};

/** Merges headers; the later ones replace earlier ones of the same name in any case. */
export const mergeHeaders = (...layers: readonly (HeaderValues | undefined)[]): HeaderValues => {
  const merged = new Map<string, readonly [name: string, value: string]>();
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer ?? {})) merged.set(name.toLowerCase(), [name, value]);
  }
  return Object.fromEntries(merged.values());
};

// Gateways and proxies of some companies need credentials of their own.
const SECRET_NAMES = /authori[sz]ation|cookie|token|secret|password|api-?key/i;

/** Headers for hooks and logs. */
export const redactHeaders = (headers: HeaderValues): HeaderValues =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name === SIGNATURE_HEADER || SECRET_NAMES.test(name) ? '[redacted]' : value,
    ]),
  );
