import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ScriptedGateway } from '@cpg/client/testing';
import { afterEach, beforeEach, expect } from 'vitest';
import { CLEAN_ENVIRONMENT } from '../programs.ts';
import { CREDENTIALS, SECRET } from './fixtures.ts';

const MAIN = join(fileURLToPath(import.meta.resolve('@cpg/client/package.json')), '../src/cli/main.ts');

/** The command line of `cpg` from its sources, to be followed by its arguments. */
export const CPG_COMMAND: readonly string[] = [process.execPath, '--conditions=@cpg/source', MAIN];

/** Gives a program a terminal, which merges standard output and standard error. */
const PTY = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

/** A running `cpg`. */
export interface CpgProcess {
  readonly child: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Waits until standard output, or standard error, contains the text. Throws if the program ends before. */
  readonly until: (text: string | RegExp) => Promise<void>;
  /** Waits for the end; `code` is null after a signal. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
}

export interface CpgProcessOptions {
  /** The whole environment besides `PATH`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs it on a terminal, made by python3. */
  readonly terminal?: boolean;
  /** A file that standard output goes to, instead of `out`. */
  readonly stdout?: string;
}

/** Starts `cpg` from its sources. */
export const startCpg = (
  argv: readonly string[],
  { env, terminal = false, stdout }: CpgProcessOptions,
): CpgProcess => {
  const command = [...(terminal ? ['python3', '-c', PTY] : []), ...CPG_COMMAND, ...argv];
  const [program = '', ...parameters] = command;
  const file = stdout === undefined ? undefined : openSync(stdout, 'w');
  const child = spawn(program, parameters, {
    env: { ...CLEAN_ENVIRONMENT, ...env },
    stdio: ['pipe', file ?? 'pipe', 'pipe'],
  });
  if (file !== undefined) closeSync(file);
  const printed = { out: '', err: '' };
  let isClosed = false;
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text;
    child.emit('printed');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text;
    child.emit('printed');
  });
  const ended = once(child, 'close').then(([code]) => {
    isClosed = true;
    child.emit('printed');
    return { code: code as number | null, ...printed };
  });
  const contains = (text: string | RegExp): boolean =>
    [printed.out, printed.err].some((all) =>
      typeof text === 'string' ? all.includes(text) : text.test(all),
    );
  return {
    child,
    out: () => printed.out,
    err: () => printed.err,
    ended,
    until: async (text) => {
      while (!contains(text)) {
        if (isClosed) throw new Error(`cpg ended before it printed ${text}: ${JSON.stringify(printed)}`);
        await once(child, 'printed');
      }
    },
  };
};

/** Runs `cpg` from its sources to its end. */
export const runCpg = (
  argv: readonly string[],
  { input = '', ...options }: CpgProcessOptions & { readonly input?: string | Buffer },
): CpgProcess['ended'] => {
  const { child, ended } = startCpg(argv, options);
  child.stdin?.on('error', () => undefined).end(input);
  return ended;
};

/** What a command reads and finds, in {@link createTestTerminal}. */
export interface TestWorld {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Standard input. */
  readonly input?: string | Buffer;
  /** Answers to questions; with them, standard input is a terminal. */
  readonly answers?: readonly (string | undefined)[] | undefined;
}

/** A terminal in the memory of this process, for commands whose output and calls matter, not their process. */
export const createTestTerminal = ({ env = {}, input = '', answers }: TestWorld) => {
  const out: string[] = [];
  const err: string[] = [];
  const pending = [...(answers ?? [])];
  const interrupts = new Set<() => void>();
  const printing = new EventEmitter();
  const add = (lines: string[], text: string): void => {
    lines.push(text);
    printing.emit('printed');
  };
  return {
    terminal: {
      env,
      isInteractive: answers !== undefined,
      print: (text: string) => add(out, text),
      note: (text: string) => add(err, text),
      readInput: async () => Buffer.from(input),
      ask: async (question: string) => {
        err.push(question);
        return pending.shift();
      },
      onInterrupt: (listener: () => void) => {
        interrupts.add(listener);
        return () => void interrupts.delete(listener);
      },
    },
    printed: () => ({ out: out.join('\n'), err: err.join('\n') }),
    /** As Ctrl-C does. */
    interrupt: () => {
      for (const listener of interrupts) listener();
    },
    /** Waits until something that was printed matches; returns the match. */
    until: async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const match = pattern.exec([...out, ...err].join('\n'));
        if (match !== null) return match;
        await once(printing, 'printed');
      }
    },
  };
};

type TestTerminal = ReturnType<typeof createTestTerminal>['terminal'];

/** Sets up a scripted gateway and an empty folder of profiles for each test, and runs commands in this process. */
export const setUpCli = (run: (argv: readonly string[], terminal: TestTerminal) => Promise<number>) => {
  let gateway: ScriptedGateway;
  let folder: string;
  beforeEach(async () => {
    gateway = await ScriptedGateway.start(CREDENTIALS);
    folder = mkdtempSync(join(tmpdir(), 'cpg-cli-'));
  });
  afterEach(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });
  const environment = (baseUrl = gateway.clientOptions.baseUrl) => ({
    // Never the profiles of the person who runs the tests.
    XDG_CONFIG_HOME: folder,
    CPG_BASE_URL: baseUrl,
    CPG_KEY_ID: CREDENTIALS.keyId,
    CPG_SECRET: SECRET,
  });
  return {
    gateway: () => gateway,
    folder: () => folder,
    /** The variables with which `cpg` calls the gateway. */
    environment,
    /** Runs a command, and checks that it does not print the secret. */
    cpg: async (argv: readonly string[], { env = environment(), ...world }: TestWorld = {}) => {
      const { terminal, printed } = createTestTerminal({
        env: { XDG_CONFIG_HOME: folder, ...env },
        ...world,
      });
      const result = { code: await run(argv, terminal), ...printed() };
      expect(result.out + result.err).not.toContain(SECRET);
      return result;
    },
  };
};
