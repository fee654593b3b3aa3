import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  createPathMatcher,
  createSigningKey,
  ENVELOPE_CONTENT_TYPE,
  type Endpoint,
  endpoints,
  errorEnvelope,
  isRejection,
  REJECTIONS,
  type Rejection,
  verifyRequest,
} from '@cpg/protocol';
import { CpgError } from '../errors.ts';
import {
  checkOptions,
  FUNCTION,
  findNearest,
  invoke,
  type OptionRules,
  SECONDS,
  TEXT,
  warn,
  withCpgErrors,
} from '../guards.ts';
import type { Credentials } from '../signing/request-signer.ts';
import { type EndpointNamed, type OperationName, type Reply, writeReply } from './reply.ts';

/** A request that the scripted gateway received. */
export interface ScriptedRequest {
  readonly operation: OperationName;
  readonly method: string;
  /** Path and query as received. */
  readonly target: string;
  /** The parsed JSON body; `undefined` if there was none. */
  readonly body: unknown;
}

export interface ScriptedGatewayOptions extends Partial<Credentials> {
  /** Returns the gateway's time in whole Unix seconds. Defaults to the system's clock. */
  readonly now?: (() => number) | undefined;
}

const RULES: OptionRules<ScriptedGatewayOptions> = { keyId: TEXT, secret: TEXT, now: FUNCTION };

const ALL: readonly Endpoint[] = Object.values(endpoints);
const ROUTES = ALL.map((endpoint) => ({ endpoint, matchPath: createPathMatcher(endpoint.path) }));

/**
 * A gateway for tests: an HTTP server on loopback that checks signatures and returns the replies you script.
 * `await ScriptedGateway.start()`, then `new CpgClient(gateway.clientOptions)`.
 */
export class ScriptedGateway {
  /** The authentic requests, in order of arrival. */
  readonly requests: ScriptedRequest[] = [];
  readonly #credentials: Credentials;
  readonly #replies = new Map<string, Reply[]>();
  readonly #server: Server;
  readonly #now: () => number;
  readonly #check: ReturnType<typeof createSignatureCheck>;

  private constructor(options: ScriptedGatewayOptions) {
    checkOptions('ScriptedGateway.start', options, RULES);
    const { keyId = 'ck_scripted', secret = 'cpg-scripted-DO-NOT-USE-IN-PRODUCTION' } = options;
    const readClock = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.#now = () => invoke('now()', readClock, SECONDS);
    this.#credentials = { keyId, secret };
    this.#check = withCpgErrors('ScriptedGateway.start', () =>
      createSignatureCheck(this.#credentials, this.#now),
    );
    this.#server = createServer((request, response) => {
      void this.#respond(request, response);
    });
  }

  /**
   * Starts a gateway on a free port.
   *
   * @example
   * const gateway = await ScriptedGateway.start();
   * const cpg = new CpgClient(gateway.clientOptions);
   */
  static async start(options: ScriptedGatewayOptions = {}): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway(options);
    await new Promise<void>((resolve) => gateway.#server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  /** The options of a `CpgClient` for this gateway. */
  get clientOptions(): Credentials & { readonly baseUrl: string } {
    const { port } = this.#server.address() as AddressInfo;
    return { ...this.#credentials, baseUrl: `http://127.0.0.1:${port}` };
  }

  /**
   * Scripts the replies of an operation. They are returned in order; the last one repeats.
   *
   * @throws CpgError `invalid_configuration` for an unknown operation, or a reply that the real endpoint
   * could not return.
   * @example
   * gateway.reply('withdrawals.create', { lost: true }, { rejection: 'insufficient_available_balance' });
   */
  reply<Name extends OperationName>(
    operation: Name,
    ...replies: readonly Reply<EndpointNamed<Name>>[]
  ): this {
    const endpoint = ALL.find(({ name }) => name === operation);
    if (endpoint === undefined) {
      const nearest = findNearest(
        String(operation),
        ALL.map(({ name }) => name),
      );
      const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
      throw new CpgError('invalid_configuration', `There is no operation ${String(operation)}.${hint}`);
    }
    for (const reply of replies) writeReply(endpoint, reply as Reply);
    this.#replies.set(operation, [...(replies as readonly Reply[])]);
    return this;
  }

  /** Closes the server and its connections. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Clients measure the gateway's clock by this header.
      response.setHeader('Date', new Date(this.#now() * 1000).toUTCString());
      await this.#handle(request, response);
    } catch (error) {
      // The client disconnected during its request.
      if (request.destroyed && !request.complete) return;
      warn('ScriptedGateway', error);
      if (!response.headersSent) send(response, 500, errorEnvelope('The scripted gateway failed'));
    }
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const rejection = this.#check(request, body);
    if (rejection !== undefined) return send(response, rejection.status, errorEnvelope(rejection.message));
    const { method = '', url: target = '' } = request;
    const endpoint = findEndpoint(method, target);
    if (endpoint === undefined) return send(response, 404, errorEnvelope(REJECTIONS.not_found.message));
    const operation = endpoint.name as OperationName;
    try {
      const parsed: unknown = body.length > 0 ? JSON.parse(String(body)) : undefined;
      this.requests.push({ operation, method, target, body: parsed });
    } catch {
      return send(response, 400, errorEnvelope(REJECTIONS.malformed_json_body.message));
    }
    const replies = this.#replies.get(operation) ?? [];
    const reply = replies.length > 1 ? replies.shift() : replies[0];
    if (reply === undefined)
      return send(response, 501, errorEnvelope(`No reply is scripted for ${operation}`));
    const written = writeReply(endpoint, reply);
    if (written === undefined) return void request.socket.destroy();
    for (const [name, value] of Object.entries(written.headers)) response.setHeader(name, value);
    send(response, written.status, written.envelope);
  }
}

const findEndpoint = (method: string, target: string): Endpoint | undefined => {
  const [path = ''] = target.split('?');
  return ROUTES.find(({ endpoint, matchPath }) => endpoint.method === method && matchPath(path))?.endpoint;
};

const send = (response: ServerResponse, status: number, envelope: object): void => {
  response.writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE }).end(JSON.stringify(envelope));
};

/**
 * Creates the check of every request: headers, timestamp, signature and single use, as in the real gateway.
 */
const createSignatureCheck = ({ keyId, secret }: Credentials, now: () => number) => {
  const keys = new Map([[keyId, createSigningKey(secret)]]);
  const used = new Set<string>();
  return (request: IncomingMessage, body: Buffer): Rejection | undefined => {
    const { method = '', url: target = '', rawHeaders } = request;
    const verified = verifyRequest({ method, target, headers: toPairs(rawHeaders), body, keys, now: now() });
    if (isRejection(verified)) return verified;
    if (used.has(verified.signature)) return REJECTIONS.signature_already_used;
    used.add(verified.signature);
    return undefined;
  };
};

const toPairs = (rawHeaders: readonly string[]): [name: string, value: string][] =>
  rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []));
