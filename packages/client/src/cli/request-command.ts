import { readFileSync } from 'node:fs';
import { isObject } from '../platform.ts';
import { type CommandHandler, withClient } from './context.ts';
import { formatJson } from './format.ts';
import { type Terminal, UsageError } from './terminal.ts';

interface RequestFlags {
  readonly data?: string;
  readonly body?: string;
}

/** `cpg request`: signs and sends any request. A POST is retried only if its body has a reference. */
export const request: CommandHandler<RequestFlags> = async (context, flags, [method = '', target = '']) => {
  const body = await readBody(context.terminal, flags);
  return withClient(context, async (client) => {
    const envelope = await client.request(method.toUpperCase(), target, {
      ...{ body, idempotencyReference: findReference(body) },
    });
    return { document: { ...envelope }, text: () => formatJson(envelope) };
  });
};

const readBody = async (
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

const REFERENCES = ['client_reference', 'idempotency_key'];

/** The reference in a JSON body that makes a repetition harmless. */
const findReference = (body: Buffer | undefined): string | undefined => {
  try {
    const parsed: unknown = JSON.parse(String(body));
    const values = isObject(parsed) ? REFERENCES.map((name) => parsed[name]) : [];
    return values.find((value): value is string => typeof value === 'string' && value !== '');
  } catch {
    return undefined;
  }
};
