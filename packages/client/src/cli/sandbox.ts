import { CpgError } from '../errors.ts';
import { isObject } from '../platform.ts';
import { type CommandContext, getCredentialSource } from './context.ts';
import { findCredentials } from './credentials.ts';
import { UsageError } from './terminal.ts';

const DEFAULT_URL = 'http://127.0.0.1:9787';
const OPERATIONS_OFFSET = 1_000;

/**
 * The URL of the sandbox's operations port: `--sandbox`, `CPG_SANDBOX_URL`, or the port of a gateway on this
 * machine + 1000.
 */
export const getSandboxUrl = (context: CommandContext, option: string | undefined): string => {
  const given = option ?? context.terminal.env.CPG_SANDBOX_URL;
  if (given) return parseOrigin(given);
  const { baseUrl } = findCredentials(getCredentialSource(context));
  if (baseUrl === undefined || !URL.canParse(baseUrl)) return DEFAULT_URL;
  const { protocol, hostname, port } = new URL(baseUrl);
  const isLocal = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);
  return isLocal && port !== ''
    ? `${protocol}//${hostname}:${Number(port) + OPERATIONS_OFFSET}`
    : DEFAULT_URL;
};

const parseOrigin = (text: string): string => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return new URL(text).origin;
  throw new UsageError(`The sandbox must be a URL such as ${DEFAULT_URL}: got ${JSON.stringify(text)}.`);
};

const TIMEOUT_MS = 10_000;

/** The controls of a sandbox, which need no signature and serve this machine only. */
export class Sandbox {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /**
   * Calls `/_sandbox` and returns the `data` of the response.
   *
   * @throws CpgError `connection_failed` if no sandbox listens there, `unexpected_status` if it rejects the call.
   */
  async call(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
    let response: Response;
    let envelope: unknown;
    try {
      response = await fetch(`${this.url}/_sandbox${path}`, {
        method,
        headers: { 'Content-Type': 'application/json' },
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      envelope = await response.json();
    } catch {
      throw new CpgError(
        'connection_failed',
        `There is no sandbox at ${this.url}. Fix: start one with npm run sandbox, or pass its operations port with --sandbox or CPG_SANDBOX_URL.`,
      );
    }
    const { data, message } = isObject(envelope) ? envelope : { data: undefined, message: undefined };
    if (response.ok && data !== undefined) return data;
    const { status } = response;
    throw new CpgError(
      'unexpected_status',
      `The sandbox rejected ${method} ${path}: ${status} ${String(message)}.`,
      {
        status,
      },
    );
  }
}
