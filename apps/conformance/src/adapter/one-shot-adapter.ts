import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { addLatency, assertNotOver, getCaseSignal, scaleDeadline } from '../core/case-scope.ts';
import { ImplementationFailure, NoVerdict, Unresponsive } from '../core/checker.ts';
import { withDeadline } from '../core/deadline.ts';
import type { Adapter, CallCommand, SignCommand, Signing } from './adapter.ts';
import { AdapterOutput, MAX_OUTPUT_LENGTH } from './adapter-output.ts';
import { ProcessGroup } from './process-group.ts';
import type { CallResult } from './responses.ts';

const TIMEOUT_MS = 20_000;
// Shorter than the timeout of a case, so that a program that does not support the mode fails once, not a
// hundred times.
const FIRST_TIMEOUT_MS = 9_000;
const LAST_OUTPUT_MS = 1_000;

/** A one-shot command keeps no state and does not verify. */
export const ONE_SHOT_CAPABILITIES: ReadonlySet<string> = new Set(['sign', 'call']);

// The exit codes of a shell for a command that it cannot run or cannot find.
const CANNOT_RUN: readonly unknown[] = [126, 127];

/** The result of a command. */
interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** `null` for one that a signal ended. */
  readonly code: number | null;
  readonly isInTime: boolean;
  readonly isTooLong: boolean;
}

interface Execution {
  readonly commandLine: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
}

/** Collects the text of a stream; beyond the maximum, stops reading and calls `onTooLong`. */
const collect = (stream: Readable, onTooLong: () => void): (() => string) => {
  const decoder = new StringDecoder('utf8');
  let text = '';
  stream.on('data', (bytes: Buffer) => {
    text += decoder.write(bytes);
    if (text.length <= MAX_OUTPUT_LENGTH) return;
    stream.destroy();
    onTooLong();
  });
  return () => text.slice(0, MAX_OUTPUT_LENGTH);
};

/** Runs a command line until it ends or times out. No process that it started is left running. */
const execute = async ({ commandLine, env, timeoutMs }: Execution): Promise<Ended> => {
  assertNotOver();
  const group = new ProcessGroup(commandLine, env);
  const { child } = group;
  let isTooLong = false;
  const endEarly = (): void => {
    isTooLong = true;
    group.kill('SIGKILL');
  };
  const stdout = collect(child.stdout, endEarly);
  const stderr = collect(child.stderr, endEarly);
  // A program that waits for commands on standard input must see its end.
  child.stdin.end();
  const signal = getCaseSignal();
  const end = (): void => void group.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  const startedAt = performance.now();
  const isInTime = await group.endsWithin(timeoutMs);
  addLatency(performance.now() - startedAt);
  signal?.removeEventListener('abort', end);
  // A process that it left running may keep its streams open.
  if (isInTime) await withDeadline(group.closed, LAST_OUTPUT_MS).catch(() => undefined);
  await group.end();
  return { stdout: stdout(), stderr: stderr(), code: child.exitCode, isInTime, isTooLong };
};

const COMMAND = { what: 'one-shot command', expected: 'the output of docs/adapter-protocol.md' };

const onlySigns = (): Promise<never> => Promise.reject(new Error('a one-shot command does not verify'));

const HEADER_LINE = /^([^:]+): (.*)$/;

const readHeaders = (stdout: string): Signing => {
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length === 0) throw new Error('the command printed no header');
  const headers = lines.map((line) => {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined)
      throw new Error('the command printed a line that is not a header');
    return [name, value] as const;
  });
  return { headers };
};

/** The `data` of an envelope; other text unchanged. */
const dataIn = (body: string): unknown => {
  try {
    return (JSON.parse(body) as { readonly data?: unknown } | null)?.data;
  } catch {
    return body;
  }
};

/**
 * Parses the output of a call: the response body, then the status on the last line (000 without a response).
 */
const readCall = (stdout: string): CallResult => {
  const [, body = '', statusText] = /^(?:(.*)\n)?([0-9]{3})\n?$/s.exec(stdout) ?? [];
  if (statusText === undefined) throw new Error('the command did not print a status on its last line');
  const status = Number(statusText);
  if (status === 200) return { ok: true, data: dataIn(body) };
  return { ok: false, error: { kind: 'status', status, message: body } };
};

/**
 * An adapter that starts a process for each command. It signs and calls, without state between commands or
 * typed errors.
 */
export const oneShotAdapter = async (commandLine: string): Promise<Adapter> => {
  const folder = await mkdtemp(join(tmpdir(), 'cpg-conformance-'));
  const output = new AdapterOutput();
  const understood = new Set<string>();
  let startFailure: NoVerdict | undefined;

  const file = async (name: string, content: Buffer | string): Promise<string> => {
    const path = join(folder, `${randomUUID()}-${name}`);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };

  const give = (problem: string, command: string): Error => {
    const advice = `--one-shot expects it to read CPG_COMMAND (here \`${command}\`)`;
    startFailure = new NoVerdict(`${problem}: ${advice}`);
    return startFailure;
  };

  /**
   * Runs the command once and parses its output. When the first run of a kind gives invalid output, every
   * later one fails at once.
   */
  const start = async <ExpectedRejection>(
    command: string,
    variables: Readonly<Record<string, string>>,
    read: (stdout: string) => ExpectedRejection,
  ): Promise<ExpectedRejection> => {
    if (startFailure !== undefined) throw startFailure;
    const isFirst = !understood.has(command);
    const describe = <Failure extends ImplementationFailure>(failure: Failure, received: string): Failure => {
      const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
      failure.sent = [`CPG_COMMAND=${command}`, ...lines].join('\n');
      failure.received = received;
      return failure;
    };
    const env = { ...process.env, ...variables, CPG_COMMAND: command };
    const timeoutMs = scaleDeadline(isFirst ? FIRST_TIMEOUT_MS : TIMEOUT_MS);
    const { stdout, stderr, code, isInTime, isTooLong } = await execute({ commandLine, env, timeoutMs });
    output.addStdout(stdout);
    output.addStderr(stderr);
    if (isTooLong || output.isTooLong) {
      startFailure = new NoVerdict(
        `the command wrote more than ${MAX_OUTPUT_LENGTH} characters: too much to search for secrets`,
      );
      throw startFailure;
    }
    if (!isInTime) {
      const problem = `the command did not end within ${Math.round(timeoutMs)} ms`;
      throw isFirst ? give(problem, command) : describe(new Unresponsive(problem, COMMAND), stderr);
    }
    if (code !== 0) {
      const problem = `the command ended with ${code ?? 'a signal'}: ${stderr.trim()}`;
      if (CANNOT_RUN.includes(code) && isFirst) {
        startFailure = new NoVerdict(problem);
        throw startFailure;
      }
      throw describe(new ImplementationFailure(problem, COMMAND), stdout);
    }
    try {
      const response = read(stdout);
      understood.add(command);
      return response;
    } catch (error) {
      const { message } = error as Error;
      throw isFirst ? give(message, command) : describe(new ImplementationFailure(message, COMMAND), stdout);
    }
  };

  const sign = async ({ now, method, target, body, keyId, secret }: SignCommand): Promise<Signing> =>
    start(
      'sign',
      {
        CPG_NOW: String(now),
        CPG_METHOD: method,
        CPG_TARGET: target,
        CPG_KEY_ID: keyId,
        CPG_SECRET_FILE: await file('secret', secret),
        CPG_BODY_FILE: await file('body', body),
      },
      readHeaders,
    );

  const call = async ({ baseUrl, keyId, secret, operation, args }: CallCommand): Promise<CallResult> =>
    start(
      'call',
      {
        CPG_BASE_URL: baseUrl,
        CPG_KEY_ID: keyId,
        CPG_SECRET_FILE: await file('secret', secret),
        CPG_OPERATION: operation,
        CPG_ARGS_FILE: await file('args.json', JSON.stringify(args)),
        ...Object.fromEntries(
          Object.entries(args).map(([name, value]) => [`CPG_ARG_${name}`, String(value)]),
        ),
      },
      readCall,
    );

  return {
    implementation: { name: commandLine, notes: ['one process per command'] },
    capabilities: ONE_SHOT_CAPABILITIES,
    subject: { sign, verify: onlySigns, verifyWebhook: onlySigns },
    call,
    output: () => {
      // A command that could not start has no output.
      if (startFailure !== undefined) throw startFailure;
      return output;
    },
    begin: (caseId) => output.begin(caseId),
    stop: async () => {
      await rm(folder, { recursive: true, force: true });
      return { exitCode: 0, isInTime: true };
    },
  };
};
