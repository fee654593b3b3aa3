import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import {
  DELIVERY_HEADER,
  ENVELOPE_CONTENT_TYPE,
  errorEnvelope,
  REJECTIONS,
  successEnvelope,
  type UnknownWebhookEvent,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import { verifyWebhook } from '../webhooks/verify-webhook.ts';
import { type CommandContext, type CommandHandler, getCredentialSource } from './context.ts';
import { findCredentials } from './credentials.ts';
import { formatVisible } from './format.ts';
import { getSandboxUrl, Sandbox } from './sandbox.ts';
import { type Terminal, UsageError } from './terminal.ts';
import { parseUrl, post } from './trigger-command.ts';

interface ListenFlags {
  readonly port: string;
  readonly forwardTo?: string;
  /** False with `--no-register`. */
  readonly register: boolean;
  readonly sandbox?: string;
}

/**
 * `cpg listen`: receives webhooks on a port of this machine, verifies, prints and forwards them until it is
 * interrupted. Registers itself with the sandbox meanwhile.
 */
export const listen: CommandHandler<ListenFlags> = async (context, flags) => {
  const { terminal } = context;
  const forwardTo = flags.forwardTo === undefined ? undefined : parseUrl('--forward-to', flags.forwardTo);
  const { webhookSecret } = findCredentials(getCredentialSource(context));
  if (webhookSecret === undefined && !flags.register) {
    throw new UsageError('Missing the webhook secret: set CPG_WEBHOOK_SECRET.');
  }
  const secret = webhookSecret ?? `whsec_${randomBytes(32).toString('base64url')}`;
  const stopping = new AbortController();
  const release = terminal.onInterrupt(() => stopping.abort());
  const receiver: Receiver = { context, secret, forwardTo };
  const server = createServer((request, response) => void receive(receiver, request, response));
  try {
    const url = await open(server, flags.port);
    terminal.note(`Listening on ${url}${forwardTo === undefined ? '' : `, forwarding to ${forwardTo.href}`}`);
    if (webhookSecret === undefined) terminal.note(`Secret of these webhooks: CPG_WEBHOOK_SECRET=${secret}`);
    if (flags.register) {
      const sandbox = new Sandbox(getSandboxUrl(context, flags.sandbox));
      await stayRegistered({ sandbox, url, secret, terminal, signal: stopping.signal });
    } else await untilAborted(stopping.signal);
  } finally {
    // A second interrupt ends the process at once.
    release();
    await close(server);
  }
  return undefined;
};

const MAX_PORT = 65_535;

const open = (server: Server, text: string): Promise<string> => {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > MAX_PORT)
    throw new UsageError(`--port must be 0 to ${MAX_PORT}: got ${JSON.stringify(text)}.`);
  return new Promise((resolve, reject) => {
    const fail = ({ code, message }: NodeJS.ErrnoException): void =>
      reject(new UsageError(`Port ${port} cannot be used: ${code ?? message}. Fix: pass another --port.`));
    server.once('error', fail).listen(port, '127.0.0.1', () => {
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    });
  });
};

const close = async (server: Server): Promise<void> => {
  if (!server.listening) return;
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
  });
};

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

interface Registration {
  readonly sandbox: Sandbox;
  readonly url: string;
  readonly secret: string;
  readonly terminal: Terminal;
  /** Aborted when the command ends. */
  readonly signal: AbortSignal;
}

interface RegisteredWebhook {
  readonly id: number;
  readonly url: string;
}

const CHECK_INTERVAL_MS = 1_000;

/** Registers with the sandbox, again after a reset or a restart, and unregisters at the end. */
const stayRegistered = async ({ sandbox, url, secret, terminal, signal }: Registration): Promise<void> => {
  let id = await register(sandbox, url, secret);
  terminal.note(`Registered with the sandbox at ${sandbox.url}`);
  let isReachable = true;
  while (!signal.aborted) {
    await wait(CHECK_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    try {
      const registered = (await sandbox.call('GET', '/webhooks')) as readonly RegisteredWebhook[];
      if (!registered.some((webhook) => webhook.url === url)) {
        id = await register(sandbox, url, secret);
        terminal.note('Registered again: the sandbox was reset or restarted.');
      }
      isReachable = true;
    } catch (error) {
      if (isReachable) terminal.note(`${(error as Error).message} Will retry.`);
      isReachable = false;
    }
  }
  try {
    await sandbox.call('DELETE', `/webhooks/${id}`);
    terminal.note('Unregistered.');
  } catch (error) {
    terminal.note(`Could not unregister: ${(error as Error).message}`);
  }
};

const register = async (sandbox: Sandbox, url: string, secret: string): Promise<number> =>
  ((await sandbox.call('POST', '/webhooks', { url, secret })) as RegisteredWebhook).id;

interface Receiver {
  readonly context: CommandContext;
  readonly secret: string;
  readonly forwardTo: URL | undefined;
}

interface Reception {
  readonly status: number;
  readonly event?: UnknownWebhookEvent;
  readonly problem?: string;
}

const receive = async (
  receiver: Receiver,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const startedAt = performance.now();
  let received: Reception;
  try {
    received = await handle(receiver, request, response);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    received = { status: 502, problem };
    if (!response.headersSent) respond(response, 502, errorEnvelope('The webhook could not be forwarded'));
  }
  const { terminal, flags } = receiver.context;
  const { status, event, problem } = received;
  const ms = Math.round(performance.now() - startedAt);
  const delivery = request.headersDistinct[DELIVERY_HEADER.toLowerCase()]?.[0] ?? null;
  if (flags.json) {
    const { id = null, event: name = null, data = null } = event ?? {};
    terminal.print(JSON.stringify({ id, event: name, delivery, status, ms, data, problem: problem ?? null }));
    return;
  }
  const title = event === undefined ? 'rejected' : `${event.event} ${event.id}`;
  const reason = problem === undefined ? '' : `: ${problem}`;
  terminal.print(formatVisible(`${new Date().toISOString()} ${title} → ${status} (${ms} ms)${reason}`));
  if (event !== undefined) terminal.print(`  ${formatVisible(JSON.stringify(event.data))}`);
};

const MAX_BODY_BYTES = 1_048_576;

const handle = async (
  { secret, forwardTo }: Receiver,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Reception> => {
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader('Connection', 'close');
    return reject(response, REJECTIONS.body_too_large.status, REJECTIONS.body_too_large.message);
  }
  let event: UnknownWebhookEvent;
  try {
    event = verifyWebhook({ secret, body, headers: request.headersDistinct });
  } catch (error) {
    if (!CpgError.is(error)) throw error;
    return reject(response, error.status ?? 401, error.wireMessage ?? error.message);
  }
  if (forwardTo === undefined) {
    respond(response, 200, successEnvelope(null));
    return { status: 200, event };
  }
  try {
    const headers = keepEndToEnd(request.rawHeaders);
    const answer = await post(forwardTo, { headers, body, signal: AbortSignal.timeout(FORWARD_TIMEOUT_MS) });
    response.writeHead(answer.status, keepEndToEnd(answer.rawHeaders) as string[]).end(answer.body);
    return { status: answer.status, event };
  } catch (error) {
    respond(response, 502, errorEnvelope('The webhook could not be forwarded'));
    return { status: 502, event, problem: (error as Error).message };
  }
};

const FORWARD_TIMEOUT_MS = 10_000;

const reject = (response: ServerResponse, status: number, message: string): Reception => {
  respond(response, status, errorEnvelope(message));
  return { status, problem: message };
};

const respond = (response: ServerResponse, status: number, envelope: object): void => {
  response.writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE }).end(JSON.stringify(envelope));
};

/** The bytes of a body; `undefined` if it is too large. */
const readBody = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return length > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks);
};

// They belong to one connection, or are written anew for the next one.
const PER_CONNECTION =
  /^(?:host|content-length|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect)$/i;

/** The headers that a proxy passes on: names and values in turn, with order, case and repeats kept. */
const keepEndToEnd = (rawHeaders: readonly string[]): readonly string[] =>
  rawHeaders.flatMap((name, index) =>
    index % 2 === 0 && !PER_CONNECTION.test(name) ? [name, rawHeaders[index + 1] ?? ''] : [],
  );
