/** A request in one of the forms that tools show. */
export interface PastedRequest {
  /** By the names of the inputs that show them. */
  readonly fields: Readonly<Record<string, string>>;
  /** The body as sent; `undefined` when the tool does not show it. */
  readonly body: Uint8Array | undefined;
  /** What the reader has to know or to add. */
  readonly note?: string | undefined;
}

type Pairs = readonly (readonly [name: string, value: string])[];

const FIELDS: Readonly<Record<string, string>> = {
  'x-cpg-key': 'key-id',
  'x-cpg-timestamp': 'timestamp',
  'x-cpg-signature': 'signature',
  host: 'host',
  ':authority': 'host',
};

const encoder = new TextEncoder();

const findHeader = (headers: Pairs, name: string): string | undefined =>
  headers.find(([each]) => each.trim().toLowerCase() === name)?.[1].trim();

/** The target on the wire: without the origin, and without the fragment, which is never sent. */
const toTarget = (url: string): string => {
  const target = url.replace(/^https?:\/\/[^/?#]+/i, '').replace(/#.*$/s, '');
  return target.startsWith('/') ? target : `/${target}`;
};

const readFields = (method: string, url: string, headers: Pairs): Record<string, string> => ({
  method,
  // HTTP/2 has the exact target in a header of its own.
  target: findHeader(headers, ':path') ?? toTarget(url),
  ...Object.fromEntries(
    headers.flatMap(([name, value]) => {
      const field = FIELDS[name.trim().toLowerCase()];
      return field === undefined ? [] : [[field, value.trim()]];
    }),
  ),
});

interface HarRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly postData?: {
    readonly text?: string;
    readonly encoding?: string;
    readonly params?: readonly { readonly name: string; readonly value?: string }[];
  };
}

const decodeBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const readHarBody = ({ text = '', encoding, params = [] }: HarRequest['postData'] & object): Uint8Array => {
  if (encoding === 'base64') return decodeBase64(text);
  if (text !== '') return encoder.encode(text);
  return encoder.encode(params.map(({ name, value = '' }) => `${name}=${value}`).join('&'));
};

const MISSING_BODY = (length: string): string =>
  `The request has a body of ${length} bytes, which is not part of what you pasted. Put it into the field below, exactly as it was sent.`;

/** Says so when the length of the body is not the one that was sent. */
const noteLength = (body: Uint8Array | undefined, headers: Pairs): string | undefined => {
  const length = findHeader(headers, 'content-length');
  if (length === undefined || Number(length) === (body?.length ?? 0)) return undefined;
  return body === undefined || body.length === 0
    ? MISSING_BODY(length)
    : `Content-Length is ${length}, but this body has ${body.length} bytes: a line feed at the end or another encoding makes another signature.`;
};

/** The last signed request of a HAR file, as the network panel of a browser exports it. */
const readHar = (text: string): PastedRequest | undefined => {
  const { log } = JSON.parse(text) as {
    readonly log: { readonly entries: { readonly request: HarRequest }[] };
  };
  const requests = log.entries.map(({ request }) => request);
  const isSigned = ({ headers }: HarRequest) =>
    headers.some(({ name }) => name.toLowerCase() === 'x-cpg-signature');
  const request = requests.findLast(isSigned);
  if (request === undefined) return undefined;
  const { method, url, postData } = request;
  const headers: Pairs = request.headers.map(({ name, value }) => [name, value]);
  const body = postData === undefined ? new Uint8Array() : readHarBody(postData);
  const signed = requests.filter(isSigned).length;
  const which = signed > 1 ? `This is the last of ${signed} signed requests.` : undefined;
  return { fields: readFields(method, url, headers), body, note: noteLength(body, headers) ?? which };
};

const DATA = /(?:^|\s)(?:-d|--data(?:-raw|-binary|-ascii)?|--json)(?:\s+|=)?('[^']*'|"(?:\\.|[^"])*"|\S+)/g;

/** The body in a command line of curl, when the paste begins with it; `undefined` for a file. */
const readCommandBody = (text: string): Uint8Array | undefined => {
  // A command ends where curl begins to report, or at a line end that is not escaped.
  const [command] = /^(?:\S*[$#>%] )?curl(?:\.exe)? (?:\\\r?\n|'[^']*'|[^\n'])*/m.exec(text) ?? [];
  const values = [...(command ?? '').matchAll(DATA)].map(([option, value = '']) => ({
    isFile: value.replace(/^['"]/, '').startsWith('@') && !option.includes('--data-raw'),
    content: value.startsWith("'")
      ? value.slice(1, -1)
      : value.replace(/^"(.*)"$/s, '$1').replaceAll(/\\(["\\$`])/g, '$1'),
  }));
  if (values.length === 0 || values.some(({ isFile }) => isFile)) return undefined;
  return encoder.encode(values.map(({ content }) => content).join('&'));
};

const REQUEST_LINE = /^([A-Za-z]+) (\S+)(?: HTTP\/\S+)?$/;

const readHeaderLines = (lines: readonly string[]): Pairs =>
  lines.map((line) => {
    const colon = line.indexOf(':', 1);
    return [line.slice(0, colon), line.slice(colon + 1)];
  });

/** The lines that `curl -v` prints with `>` in front, which do not show the body. */
const readVerbose = (text: string): PastedRequest | undefined => {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => /^>( |$)/.test(line))
    .map((line) => line.slice(2));
  const start = lines.findLastIndex((line) => REQUEST_LINE.test(line));
  if (start === -1) return undefined;
  const [, method = '', url = ''] = REQUEST_LINE.exec(lines[start] ?? '') ?? [];
  const end = lines.indexOf('', start);
  const headers = readHeaderLines(lines.slice(start + 1, end === -1 ? undefined : end));
  const length = findHeader(headers, 'content-length') ?? '0';
  const body = readCommandBody(text) ?? (length === '0' ? new Uint8Array() : undefined);
  return { fields: readFields(method, url, headers), body, note: noteLength(body, headers) };
};

/** A request as on the wire. */
const readHttp = (text: string): PastedRequest | undefined => {
  const begin = text.search(/\S/);
  const [, head = '', rest] = /^([\s\S]*?)(?:\r?\n\r?\n([\s\S]*))?$/.exec(text.slice(begin)) ?? [];
  const lines = head.trimEnd().split(/\r?\n/);
  const [, method, url = ''] = REQUEST_LINE.exec(lines[0] ?? '') ?? [];
  if (method === undefined) return undefined;
  const headers = readHeaderLines(lines.slice(1));
  const all = encoder.encode(rest ?? '');
  const length = Number(findHeader(headers, 'content-length') ?? Number.NaN);
  // The editor may have added a line feed at the end.
  const body = all.length > length ? all.subarray(0, length) : all;
  return { fields: readFields(method, url, headers), body, note: noteLength(body, headers) };
};

/** Reads HTTP text, the output of `curl -v`, or a HAR file; `undefined` when the text is none of them. */
export const readPastedRequest = (text: string): PastedRequest | undefined => {
  try {
    if (/^\s*\{/.test(text)) return readHar(text.trim());
    return /^> /m.test(text) ? readVerbose(text) : readHttp(text);
  } catch {
    return undefined;
  }
};
