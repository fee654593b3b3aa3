import { readFileSync } from 'node:fs';
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
import type { Command } from 'commander';
import { type CommandContext, readCredentials } from './context.ts';
import { formatVisible, UsageError } from './terminal.ts';

interface SignFlags {
  readonly body?: string;
  readonly timestamp?: string;
}

/** `cpg sign` */
export const addSign = (program: Command, context: CommandContext): void => {
  program
    .command('sign')
    .description('sign a request and print every intermediate value; sends nothing')
    .argument('<method>', 'e.g. GET')
    .argument('<target>', 'path and query exactly as sent, e.g. "/v1/balances?currency=USDT"')
    .option('--body <file>', 'file with the body bytes; - for standard input')
    .option('--timestamp <seconds>', 'Unix seconds (default: now)')
    .action((method: string, target: string, flags: SignFlags) => sign(context, { method, target, flags }));
};

interface ToSign {
  readonly method: string;
  readonly target: string;
  readonly flags: SignFlags;
}

const sign = async (context: CommandContext, { method, target, flags }: ToSign): Promise<void> => {
  const { terminal } = context;
  const { keyId, secret } = readCredentials(terminal.env, context.credentialsFile(), ['keyId', 'secret']);
  const { body: file } = flags;
  const body =
    file === '-' ? await terminal.readInput('the body') : file === undefined ? undefined : readFileSync(file);
  const timestamp = flags.timestamp === undefined ? Math.floor(Date.now() / 1000) : Number(flags.timestamp);
  const signed = signRequest({ keyId, key: createSigningKey(secret), method, target, body, timestamp });
  const stages = {
    timestamp: signed.timestamp,
    method: signed.method,
    path: signed.path,
    query: signed.query === '' ? '(none)' : signed.query,
    'body bytes': String(body?.length ?? 0),
    'body sha256': signed.bodySha256,
    'canonical string': formatVisible(signed.canonical),
    signature: signed.signature,
  };
  for (const [name, value] of Object.entries(stages)) terminal.print(`${name.padEnd(18)}${value}`);
  terminal.print('');
  for (const [name, value] of Object.entries(signed.headers)) terminal.print(`${name}: ${value}`);
};

interface ExplainFlags {
  readonly body?: string;
  readonly now?: string;
}

/** `cpg explain` */
export const addExplain = (program: Command, context: CommandContext): void => {
  program
    .command('explain')
    .description('explain why a signature is wrong; reads the request as sent from standard input')
    .option('--body <file>', 'file with the body bytes, instead of the body on standard input')
    .option('--now <seconds>', "the gateway's time in Unix seconds (default: now)")
    .action(async (flags: ExplainFlags) => {
      const { secret } = readCredentials(context.terminal.env, context.credentialsFile(), ['secret']);
      const pasted = await context.terminal.readInput('the request as sent');
      for (const line of explain(secret, pasted, flags)) context.terminal.print(line);
    });
};

const explain = (secret: string, pasted: Buffer, flags: ExplainFlags): readonly string[] => {
  const request = parseHttpRequest(pasted);
  const body = flags.body === undefined ? request.body : readFileSync(flags.body);
  const missing = AUTHENTICATION_HEADERS.filter((name) => !request.headers[name.toLowerCase()]);
  if (missing.length > 0) return [`Missing: ${missing.join(', ')}. Every request carries all three headers.`];
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
  const { method, headers } = request;
  const canonical = canonicalString({
    timestamp,
    method: method.toUpperCase(),
    ...target,
    bodySha256: bodySha256(body),
  });
  const now = flags.now === undefined ? Math.floor(Date.now() / 1000) : Number(flags.now);
  const received = { method, target: request.target, timestamp, body, keyId, host: headers.host };
  const findings = explainMismatch({ key, request: received, signature, now, combinations: true });
  if (findings.length > 0) return findings.map(({ message }) => message);
  if (verify(key, canonical, signature)) return [describeValidSignature(timestamp, now)];
  return [
    'The signature matches no known mistake. Check that the secret belongs to this key and that these are the bytes that were sent.',
    `The canonical string should be: ${formatVisible(canonical)}`,
  ];
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
