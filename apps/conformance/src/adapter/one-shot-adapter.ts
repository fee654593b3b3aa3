import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SignCommand, Signing } from '../vectors/vector-subject.ts';
import type { Adapter, CallCommand } from './adapter.ts';
import type { CallAnswer } from './answers.ts';

const execute = promisify(execFile);
const TIMEOUT_MS = 20_000;

/** A command that ends after each request has no memory and no verifier. */
export const ONE_SHOT_CAPABILITIES: ReadonlySet<string> = new Set(['sign', 'call']);

// What a shell answers for a command that it cannot run, or cannot find.
const CANNOT_RUN: readonly unknown[] = [126, 127];

/** How a process ended; `code` is null for one that was ended by a signal. */
interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly code?: number | string | null;
}

const onlySigns = (): Promise<never> => Promise.reject(new Error('a one-shot command does not verify'));

const HEADER_LINE = /^([^:]+): (.*)$/;

const readHeaders = (stdout: string): Signing => ({
  headers: stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, value] = HEADER_LINE.exec(line) ?? [];
      if (name === undefined || value === undefined)
        throw new Error('the command printed a line that is no header');
      return [name, value] as const;
    }),
});

/** Reads what a call printed: the response body, then the status on the last line (000 without a response). */
const readCall = (stdout: string): CallAnswer => {
  const lineEnd = stdout.lastIndexOf('\n');
  const status = Number(stdout.slice(lineEnd + 1));
  if (!Number.isInteger(status)) throw new Error('the command did not print a status on its last line');
  if (status === 200) return { ok: true, data: stdout.slice(0, lineEnd) };
  return { ok: false, error: { kind: 'status', status, message: stdout.slice(0, lineEnd) } };
};

/** An implementation for which every command is a process of its own. It signs and calls; it has no memory and no errors of its own. */
export const oneShotAdapter = async (commandLine: string): Promise<Adapter> => {
  const folder = await mkdtemp(join(tmpdir(), 'cpg-conformance-'));
  let output = '';
  let startFailure: Error | undefined;

  const file = async (name: string, content: Buffer | string): Promise<string> => {
    const path = join(folder, `${randomUUID()}-${name}`);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };

  const start = async (variables: Readonly<Record<string, string>>): Promise<string> => {
    const env = { ...process.env, ...variables };
    const options = { env, timeout: TIMEOUT_MS, maxBuffer: 2 ** 24 };
    if (startFailure !== undefined) throw startFailure;
    const attempt = execute('/bin/sh', ['-c', commandLine], options);
    const { stdout, stderr, code = 0 }: Ended = await attempt.catch((error: Ended) => error);
    output += variables.CPG_COMMAND === 'call' ? stdout + stderr : stderr;
    if (code === 0) return stdout;
    const failure = new Error(`the command ended with ${code ?? 'a signal'}: ${stderr.trim()}`);
    if (CANNOT_RUN.includes(code)) startFailure = failure;
    throw failure;
  };

  const sign = async ({ now, method, target, body, keyId, secret }: SignCommand): Promise<Signing> =>
    readHeaders(
      await start({
        CPG_COMMAND: 'sign',
        CPG_NOW: String(now),
        CPG_METHOD: method,
        CPG_TARGET: target,
        CPG_KEY_ID: keyId,
        CPG_SECRET_FILE: await file('secret', secret),
        CPG_BODY_FILE: await file('body', body),
      }),
    );

  const call = async ({ baseUrl, keyId, secret, operation, args }: CallCommand): Promise<CallAnswer> =>
    readCall(
      await start({
        CPG_COMMAND: 'call',
        CPG_BASE_URL: baseUrl,
        CPG_KEY_ID: keyId,
        CPG_SECRET_FILE: await file('secret', secret),
        CPG_OPERATION: operation,
        CPG_ARGS_FILE: await file('args.json', JSON.stringify(args)),
        ...Object.fromEntries(
          Object.entries(args).map(([name, value]) => [`CPG_ARG_${name}`, String(value)]),
        ),
      }),
    );

  return {
    implementation: { name: commandLine, notes: ['one process a command'] },
    capabilities: new Set(['sign', 'call']),
    subject: { sign, verify: onlySigns, verifyWebhook: onlySigns },
    call,
    output: () => {
      // Of a command that never ran there is nothing to say.
      if (startFailure !== undefined) throw startFailure;
      return output;
    },
    stop: async () => {
      await rm(folder, { recursive: true });
      return 0;
    },
  };
};
