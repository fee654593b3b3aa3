import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessGroup } from '../adapter/process-group.ts';
import { Unresponsive } from '../core/checker.ts';
import { type Address, openSocket } from '../wire/connection.ts';

const START_TIMEOUT_MS = 60_000;
const POLL_MS = 25;
/** How long a server that broke a connection may take to end. */
const END_MS = 500;
const STOP_MS = 5_000;
const OUTPUT_KEPT = 4_000;

interface StartOptions {
  readonly commandLine: string;
  /** Where it must listen once it has started, the first address first. */
  readonly addresses: readonly Address[];
}

const isListening = async (address: Address): Promise<boolean> => {
  try {
    (await openSocket(address)).destroy();
    return true;
  } catch {
    return false;
  }
};

const formatAddress = ({ host, port }: Address): string => `${host}:${port}`;

/**
 * A server that the run starts itself: through the shell, with an empty folder in `STATE_DIR`, and with the host
 * and port of its first address in `HOST` and `PORT`. Started again, with another empty folder, after it has ended.
 */
export class StartedServer {
  readonly #options: StartOptions;
  #group: ProcessGroup | undefined;
  #folder = '';
  #output = '';

  constructor(options: StartOptions) {
    this.#options = options;
  }

  /**
   * Starts it and waits until it listens. Throws when another program listens there already, when it ends
   * before that, and after a minute.
   */
  async start(): Promise<void> {
    for (const address of this.#options.addresses)
      if (await isListening(address))
        throw new Error(
          `another program listens on ${formatAddress(address)}: stop it, or leave --start out`,
        );
    const [first] = this.#options.addresses;
    this.#output = '';
    this.#folder = await mkdtemp(join(tmpdir(), 'cpg-conformance-state-'));
    const variables = { STATE_DIR: this.#folder, HOST: first?.host, PORT: String(first?.port) };
    this.#group = new ProcessGroup(this.#options.commandLine, { ...process.env, ...variables });
    const { child } = this.#group;
    child.on('error', (error) => this.#keep(error.message));
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    child.stdin.end();
    await this.#waitUntilListening();
  }

  /** Starts it again when it has ended. */
  async prepare(): Promise<void> {
    if (this.#group?.hasEnded !== true) return;
    await this.stop();
    await this.start().catch((error: unknown) => {
      const problem = error instanceof Error ? error.message : 'failed';
      throw new Unresponsive(`the server could not be started again: ${problem}`, { what: 'server' });
    });
  }

  /** Why it has ended, with its last output; `undefined` while it runs. */
  async findEnd(): Promise<string | undefined> {
    if ((await this.#group?.endsWithin(END_MS)) !== true) return undefined;
    return this.#formatEnd();
  }

  async stop(): Promise<void> {
    const group = this.#group;
    this.#group = undefined;
    if (group !== undefined) {
      group.kill('SIGTERM');
      await group.endsWithin(STOP_MS);
      await group.end();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #waitUntilListening(): Promise<void> {
    const until = performance.now() + START_TIMEOUT_MS;
    for (const address of this.#options.addresses) {
      while (!(await isListening(address))) {
        if (this.#group?.hasEnded === true) throw new Error(await this.#explain(this.#formatEnd()));
        if (performance.now() > until)
          throw new Error(
            await this.#explain(
              `the server does not listen on ${formatAddress(address)} ${START_TIMEOUT_MS / 1000} s after its start; it wrote: ${this.#output.trim()}`,
            ),
          );
        await sleep(POLL_MS);
      }
    }
  }

  /** Stops it before an error. */
  async #explain(message: string): Promise<string> {
    await this.stop();
    return message;
  }

  #formatEnd(): string {
    const { exitCode, signalCode } = this.#group?.child ?? {};
    const how = signalCode ?? `exit code ${exitCode}`;
    const written = this.#output.trim();
    return `the server ended (${how}); ${written === '' ? 'it wrote nothing' : `it wrote: ${written}`}`;
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_KEPT);
  }
}
