import {
  AUTHENTICATION_HEADERS,
  bodySha256,
  canonicalString,
  createSigningKey,
  isRejection,
  isWithinWindow,
  KEY_HEADER,
  parseRequestTarget,
  parseTimestamp,
  SIGNATURE_HEADER,
  signRequest,
  TIMESTAMP_HEADER,
  verify,
} from '@cpg/protocol';
import { explainMismatch } from '@cpg/protocol/explain';
import { type CommandHandler, getCredentialSource } from './context.ts';
import { readCredentials } from './credentials.ts';
import { formatFields, formatVisible } from './format.ts';
import { readBytes } from './request-command.ts';
import { UsageError } from './terminal.ts';

interface SignFlags {
  readonly body?: string;
  readonly timestamp?: string;
}

/** `cpg sign` */
export const sign: CommandHandler<SignFlags> = async (context, flags, [method = '', target = '']) => {
  const { terminal } = context;
  const { keyId, secret } = readCredentials(getCredentialSource(context), ['keyId', 'secret']);
  const body = flags.body === undefined ? undefined : await readBytes(terminal, flags.body);
  const timestamp = readSeconds(flags.timestamp);
  const signed = signRequest({ keyId, key: createSigningKey(secret), method, target, body, timestamp });
  const { path, query, canonical, signature, headers } = signed;
  const bodyBytes = body?.length ?? 0;
  const stages = {
    timestamp: signed.timestamp,
    method: signed.method,
    path,
    query: query === '' ? '(none)' : query,
    'body bytes': String(bodyBytes),
    'body sha256': signed.bodySha256,
    'canonical string': canonical,
    signature,
  };
  return {
    document: {
      data: {
        ...{ timestamp: signed.timestamp, method: signed.method, path, query },
        ...{ body_bytes: bodyBytes, body_sha256: signed.bodySha256 },
        ...{ canonical_string: canonical, signature, headers },
      },
    },
    text: () =>
      [formatFields(stages), '', ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join(
        '\n',
      ),
  };
};

/** `undefined` is the current time. The protocol rejects what is not a whole number. */
const readSeconds = (text: string | undefined): number =>
  text === undefined ? Math.floor(Date.now() / 1000) : Number(text);

interface ExplainFlags {
  readonly body?: string;
  readonly now?: string;
}

/** `cpg explain`: exit code 1 if the signature is wrong. */
export const explain: CommandHandler<ExplainFlags> = async (context, flags) => {
  const { terminal } = context;
  const { secret } = readCredentials(getCredentialSource(context), ['secret']);
  const request = parseHttpRequest(await terminal.readInput('the request as sent'));
  const body = flags.body === undefined ? request.body : await readBytes(terminal, flags.body);
  const { isValid, findings } = explainRequest(secret, { ...request, body }, readSeconds(flags.now));
  return {
    document: { data: { valid: isValid, findings } },
    text: () => findings.join('\n'),
    failure: isValid ? undefined : 'The gateway rejects this request.',
  };
};

interface Explanation {
  /** Whether the signature is right; the timestamp may be old. */
  readonly isValid: boolean;
  readonly findings: readonly string[];
}

const explainRequest = (secret: string, request: PastedRequest, now: number): Explanation => {
  const wrong = (...findings: readonly string[]): Explanation => ({ isValid: false, findings });
  const missing = AUTHENTICATION_HEADERS.filter((name) => !request.headers[name.toLowerCase()]);
  if (missing.length > 0)
    return wrong(`Missing: ${missing.join(', ')}. Every request carries all three headers.`);
  const getHeader = (name: string): string => request.headers[name.toLowerCase()] ?? '';
  const [keyId, timestamp, signature] = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(getHeader) as [
    string,
    string,
    string,
  ];
  const target = parseRequestTarget(request.target);
  if (isRejection(target)) {
    throw new UsageError(
      `${request.target} is not a valid request target: the gateway responds 400 ${target.message}.`,
    );
  }
  const key = createSigningKey(secret);
  const { method, headers, body } = request;
  const canonical = canonicalString({
    timestamp,
    method: method.toUpperCase(),
    ...target,
    bodySha256: bodySha256(body),
  });
  const received = { method, target: request.target, timestamp, body, keyId, host: headers.host };
  const findings = explainMismatch({ key, request: received, signature, now, combinations: true });
  const isValid = verify(key, canonical, signature);
  if (findings.length > 0) return { isValid, findings: findings.map(({ message }) => message) };
  if (isValid) return { isValid, findings: [describeValidSignature(timestamp, now)] };
  return wrong(
    'The signature matches no known mistake. Check that the secret belongs to this key and that these are the bytes that were sent.',
    `The canonical string should be: ${formatVisible(canonical)}`,
  );
};

const describeValidSignature = (timestamp: string, now: number): string => {
  const seconds = parseTimestamp(timestamp);
  return seconds !== undefined && isWithinWindow(seconds, now)
    ? 'The signature is valid. If the gateway rejected it, it was used before or the secret belongs to another key.'
    : 'The signature is valid, but the timestamp is more than 300 seconds away from the current time.';
};

/** A parsed HTTP request. */
interface PastedRequest {
  readonly method: string;
  readonly target: string;
  /** Header names are in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const REQUEST_LINE = /^([A-Za-z]+) (\S+)(?: HTTP\/[0-9.]+)?$/;

/**
 * Parses a request as sent: request line, headers, an empty line and the body bytes. Also accepts the output
 * of `curl -v`, which prefixes the head with `> ` and omits the body.
 */
const parseHttpRequest = (pasted: Buffer): PastedRequest => {
  const curl = readCurl(pasted.toString('latin1'));
  const { head, body } = curl === undefined ? split(pasted) : { head: curl, body: Buffer.alloc(0) };
  const [requestLine = '', ...lines] = head;
  const match = REQUEST_LINE.exec(requestLine.trim());
  if (match?.[1] === undefined || match[2] === undefined) {
    throw new UsageError(
      'Expected the request as sent, starting with its request line, e.g. GET /v1/balances HTTP/1.1.',
    );
  }
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { method: match[1], target: parseTarget(match[2]), headers: Object.fromEntries(headers), body };
};

const readCurl = (text: string): string[] | undefined => {
  const marked = text.split(/\r?\n/).filter((line) => line.startsWith('>'));
  const head = marked.map((line) => line.slice(1).trim()).filter((line) => line !== '');
  return /^[>*]/.test(text) && head.length > 0 ? head : undefined;
};

const split = (pasted: Buffer): { readonly head: string[]; readonly body: Buffer } => {
  const text = pasted.toString('latin1');
  const end = /\r?\n\r?\n/.exec(text);
  const head = end === null ? text.trimEnd() : text.slice(0, end.index);
  const body = end === null ? Buffer.alloc(0) : pasted.subarray(end.index + end[0].length);
  return { head: head.split(/\r?\n/), body };
};

// A pasted URL may include the host, which is not part of the request target.
const parseTarget = (text: string): string => text.replace(/^https?:\/\/[^/?#]+/i, '') || '/';
