import { readFileSync } from 'node:fs';
import type { SigningCredentials } from '../adapters/adapter-signer.ts';
import { signFetch } from '../adapters/sign-fetch.ts';
import { CpgError } from '../errors.ts';
import { isObject } from '../platform.ts';
import { type CommandContext, type CommandHandler, getCredentialSource } from './context.ts';
import { readCredentials } from './credentials.ts';
import { formatJson, formatVisible } from './format.ts';
import { type Terminal, UsageError } from './terminal.ts';

interface RequestFlags {
  readonly data?: string;
  readonly body?: string;
}

const TIMEOUT_MS = 60_000;

/** `cpg request`: signs and sends any request, once. Exit code 1 unless the response is a success. */
export const request: CommandHandler<RequestFlags> = async (context, flags, [method = '', target = '']) => {
  if (!target.startsWith('/')) {
    throw new UsageError(`The target must be a path such as /v1/balances: got ${JSON.stringify(target)}.`);
  }
  const body = await readBody(context.terminal, flags);
  const credentials = readCredentials(getCredentialSource(context), ['baseUrl', 'keyId', 'secret']);
  const { status, statusText, ok, text } = await send(context, {
    ...{ credentials, method: method.toUpperCase(), target, body },
  });
  const envelope = parseObject(text) ?? { body: text };
  const isSuccess = ok && envelope.success !== false;
  return {
    document: { ...envelope, status },
    // Control characters of another server must not reach the terminal; JSON escapes most of them.
    text: () => (parseObject(text) === undefined ? formatVisible(text) : formatJson(envelope)),
    failure: isSuccess ? undefined : `${status} ${formatVisible(String(envelope.message ?? statusText))}`,
  };
};

/** The bytes of `--data` or `--body`. @throws UsageError if both are given, or the file cannot be read. */
export const readBody = async (
  terminal: Terminal,
  { data, body: file }: RequestFlags,
): Promise<Buffer | undefined> => {
  if (data !== undefined && file !== undefined) throw new UsageError('Pass --data or --body, not both.');
  if (data !== undefined) return Buffer.from(data, 'utf8');
  return file === undefined ? undefined : readBytes(terminal, file);
};

/** The bytes of a file; `-` for standard input. @throws UsageError if it cannot be read. */
export const readBytes = async (terminal: Terminal, file: string): Promise<Buffer> => {
  if (file === '-') return terminal.readInput('the body');
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`The body cannot be read: ${(error as Error).message}`);
  }
};

interface RequestToSend {
  readonly credentials: SigningCredentials;
  readonly method: string;
  readonly target: string;
  readonly body: Buffer | undefined;
}

interface ReceivedResponse extends Pick<Response, 'status' | 'statusText' | 'ok'> {
  readonly text: string;
}

const send = async (
  { terminal, flags, interruptWith }: CommandContext,
  { credentials, method, target, body }: RequestToSend,
): Promise<ReceivedResponse> => {
  const interrupt = new AbortController();
  const release = interruptWith(() => interrupt.abort());
  const signal = AbortSignal.any([interrupt.signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const debug = flags.debug ? terminal.note : () => undefined;
  const headers = body === undefined ? {} : { 'Content-Type': 'application/json' };
  try {
    debug(`> ${method} ${credentials.baseUrl}${target} (${body?.length ?? 0} bytes)`);
    const init = { method, headers, signal, ...(body === undefined ? {} : { body: new Uint8Array(body) }) };
    const response = await signFetch(fetch, credentials)(target, init);
    const { status, statusText, ok } = response;
    const lines = [...response.headers].map(([name, value]) => `< ${name}: ${formatVisible(value)}`);
    debug([`< ${status}`, ...lines].join('\n'));
    return { status, statusText, ok, text: await response.text() };
  } catch (error) {
    if (CpgError.is(error)) throw error;
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    const outcome = method === 'GET' ? '' : ' The request may have been executed.';
    throw new CpgError(
      'connection_failed',
      `${method} ${target}: no complete response: ${reason}.${outcome}`,
    );
  } finally {
    release();
  }
};

const parseObject = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
};
