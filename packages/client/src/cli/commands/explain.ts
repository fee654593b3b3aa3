import { readFileSync } from 'node:fs';
import {
  AUTHENTICATION_HEADERS,
  bodySha256,
  canonicalString,
  createSigningKey,
  explainMismatch,
  isRejection,
  isWithinWindow,
  KEY_HEADER,
  parseRequestTarget,
  parseTimestamp,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
  verify,
} from '@cpg/protocol';
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { readCredentials } from '../credentials.ts';
import { parseHttpRequest } from '../parse-http-request.ts';
import { UsageError } from '../usage-error.ts';
import { visible } from '../visible.ts';

interface Flags {
  readonly body?: string;
  readonly now?: string;
}

/** `cpg explain` */
export const addExplain = (program: Command, context: CommandContext): void => {
  program
    .command('explain')
    .description('say what is wrong with a signature: paste the request as it was sent, or pipe it in')
    .option('--body <file>', 'take the body bytes from here, not from what is pasted')
    .option('--now <seconds>', "the gateway's clock in Unix seconds; the system's without it")
    .action(async (flags: Flags) => {
      const { secret } = readCredentials(context.terminal.env, context.credentialsFile(), ['secret']);
      const pasted = await context.terminal.readInput('the request as it was sent');
      for (const line of explain(secret, pasted, flags)) context.terminal.print(line);
    });
};

const explain = (secret: string, pasted: Buffer, flags: Flags): readonly string[] => {
  const request = parseHttpRequest(pasted);
  const body = flags.body === undefined ? request.body : readFileSync(flags.body);
  const missing = AUTHENTICATION_HEADERS.filter((name) => !request.headers[name.toLowerCase()]);
  if (missing.length > 0) return [`Missing: ${missing.join(', ')}. Every request carries all three headers.`];
  const headerOf = (name: string): string => request.headers[name.toLowerCase()] ?? '';
  const [keyId, timestamp, signature] = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map(headerOf) as [
    string,
    string,
    string,
  ];
  const target = parseRequestTarget(request.target);
  if (isRejection(target)) {
    throw new UsageError(
      `${request.target} is no request target: the gateway answers 400 ${target.message}.`,
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
  if (verify(key, canonical, signature)) return [describeRight(timestamp, now)];
  return [
    'No mistake that we know of gives this signature with this secret: is it the secret of this key, and are these the bytes that were sent?',
    `The canonical string should be: ${visible(canonical)}`,
  ];
};

const describeRight = (timestamp: string, now: number): string => {
  const seconds = parseTimestamp(timestamp);
  return seconds !== undefined && isWithinWindow(seconds, now)
    ? 'The signature is right. If the gateway refused it, it was sent before, or the key is not the one of this secret.'
    : 'The signature is right, but the timestamp is more than 300 seconds from the clock.';
};
