/** The fields of a pasted request, by the names of the inputs that show them. */
export type PastedRequest = Readonly<Record<string, string>>;

const HEADERS: Readonly<Record<string, string>> = {
  'x-cpg-key': 'key-id',
  'x-cpg-timestamp': 'timestamp',
  'x-cpg-signature': 'signature',
  host: 'host',
};

const toTarget = (url: string): string => url.replace(/^https?:\/\/[^/?#]+/i, '') || '/';

const readHeaders = (headers: readonly (readonly [string, string])[]): PastedRequest =>
  Object.fromEntries(
    headers.flatMap(([name, value]) => {
      const field = HEADERS[name.trim().toLowerCase()];
      return field === undefined ? [] : [[field, value.trim()]];
    }),
  );

interface HarRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly postData?: { readonly text?: string };
}

/** The last signed request of a HAR file, as the network panel of a browser exports it. */
const readHar = (text: string): PastedRequest => {
  const { log } = JSON.parse(text) as {
    readonly log: { readonly entries: { readonly request: HarRequest }[] };
  };
  const requests = log.entries.map(({ request }) => request);
  const request = requests.findLast(({ headers }) =>
    headers.some(({ name }) => name.toLowerCase() === 'x-cpg-signature'),
  );
  if (request === undefined) return {};
  const { method, url, headers, postData } = request;
  const pairs = headers.map(({ name, value }) => [name, value] as const);
  return { method, target: toTarget(url), body: postData?.text ?? '', ...readHeaders(pairs) };
};

const REQUEST_LINE = /^([A-Za-z]+) (\S+)(?: HTTP\/\S+)?$/;

/** A request as on the wire, or the lines that `curl -v` prints with `>` in front. */
const readHttp = (text: string): PastedRequest => {
  const all = text.split(/\r?\n/);
  const isVerbose = all.some((line) => line.startsWith('> '));
  const lines = isVerbose ? all.filter((line) => /^>( |$)/.test(line)).map((line) => line.slice(2)) : all;
  const start = lines.findIndex((line) => REQUEST_LINE.test(line));
  if (start === -1) return {};
  const end = lines.findIndex((line, index) => index > start && line === '');
  const [, method = '', url = ''] = REQUEST_LINE.exec(lines[start] as string) ?? [];
  const headers = lines.slice(start + 1, end === -1 ? undefined : end).map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1)] as const;
  });
  const body = isVerbose || end === -1 ? {} : { body: lines.slice(end + 1).join('\n') };
  return { method, target: toTarget(url), ...body, ...readHeaders(headers) };
};

/** The fields of a request in one of the forms that tools show; empty when the text is none of them. */
export const readPastedRequest = (text: string): PastedRequest => {
  const trimmed = text.trim();
  try {
    return trimmed.startsWith('{') ? readHar(trimmed) : readHttp(trimmed);
  } catch {
    return {};
  }
};
