import { readFileSync } from 'node:fs';
import { createSigningKey, signRequest } from '@cpg/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { readCredentials } from '../credentials.ts';
import { visible } from '../visible.ts';

interface Flags {
  readonly body?: string;
  readonly timestamp?: string;
}

/** `cpg sign` */
export const addSign = (program: Command, context: CommandContext): void => {
  program
    .command('sign')
    .description('sign a request and show every stage; sends nothing')
    .argument('<method>', 'e.g. GET')
    .argument('<target>', 'path and query exactly as they will be sent, e.g. "/v1/balances?currency=USDT"')
    .option('--body <file>', 'the body bytes; - for standard input')
    .option('--timestamp <seconds>', 'Unix seconds; now without it')
    .action((method: string, target: string, flags: Flags) => sign(context, { method, target, flags }));
};

interface ToSign {
  readonly method: string;
  readonly target: string;
  readonly flags: Flags;
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
    'canonical string': visible(signed.canonical),
    signature: signed.signature,
  };
  for (const [name, value] of Object.entries(stages)) terminal.print(`${name.padEnd(18)}${value}`);
  terminal.print('');
  for (const [name, value] of Object.entries(signed.headers)) terminal.print(`${name}: ${value}`);
};
