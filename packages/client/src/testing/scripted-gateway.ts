import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
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
  ask,
  checkOptions,
  FUNCTION,
  findNearest,
  type OptionRules,
  SECONDS,
  TEXT,
  warn,
  withCpgErrors,
} from '../guards.ts';
import type { Credentials } from '../signing/request-signer.ts';
import { type EndpointNamed, type OperationName, type Reply, writeReply } from './reply.ts';

/** A request that the scripted gateway has taken. */
export interface ScriptedRequest {
  readonly operation: OperationName;
  readonly method: string;
  /** Path and query as they stood on the wire. */
  readonly target: string;
  /** The parsed JSON body; `undefined` when there was none. */
  readonly body: unknown;
}

export interface ScriptedGatewayOptions extends Partial<Credentials> {
  /** The gateway's clock in whole Unix seconds. Defaults to the system's. */
  readonly now?: (() => number) | undefined;
}

const RULES: OptionRules<ScriptedGatewayOptions> = { keyId: TEXT, secret: TEXT, now: FUNCTION };
const UNIX_SECONDS = {
  accepts: (value: unknown): value is number => SECONDS.accepts(value),
  expected: SECONDS.expected,
};

const ALL: readonly Endpoint[] = Object.values(endpoints);

/**
 * A gateway for your tests: a real server on loopback that checks signatures like the real one and answers what you
 * script. `await ScriptedGateway.start()`, then `new CpgClient(gateway.clientOptions)`.
 */
export class ScriptedGateway {
  /** Authentic requests in order of arrival. */
  readonly requests: ScriptedRequest[] = [];
  readonly #credentials: Credentials;
  readonly #replies = new Map<string, Reply[]>();
  readonly #server: Server;
  readonly #now: () => number;
  readonly #check: ReturnType<typeof makeSignatureCheck>;

  private constructor(options: ScriptedGatewayOptions) {
    checkOptions('ScriptedGateway.start', options, RULES);
    const { keyId = 'ck_scripted', secret = 'cpg-scripted-DO-NOT-USE-IN-PRODUCTION' } = options;
    const readClock = options.now ?? (() => Math.floor(Date.now() / 1000));
    this.#now = () => ask('now()', readClock, UNIX_SECONDS);
    this.#credentials = { keyId, secret };
    this.#check = withCpgErrors('ScriptedGateway.start', () =>
      makeSignatureCheck(this.#credentials, this.#now),
    );
    this.#server = createServer((request, response) => {
      void this.#respond(request, response);
    });
  }

  static async start(options: ScriptedGatewayOptions = {}): Promise<ScriptedGateway> {
    const gateway = new ScriptedGateway(options);
    await new Promise<void>((resolve) => gateway.#server.listen(0, '127.0.0.1', resolve));
    return gateway;
  }

  /** What a `CpgClient` needs to speak to this gateway. */
  get clientOptions(): Credentials & { readonly baseUrl: string } {
    const { port } = this.#server.address() as AddressInfo;
    return { ...this.#credentials, baseUrl: `http://127.0.0.1:${port}` };
  }

  /**
   * Scripts an operation: its replies are given in this order, the last one again and again.
   *
   * @throws CpgError `invalid_configuration` for an unknown operation, or for a reply that the real endpoint could not give.
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

  /** Closes the server and every connection to it. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Clients learn the gateway's clock from it.
      response.setHeader('Date', new Date(this.#now() * 1000).toUTCString());
      await this.#handle(request, response);
    } catch (error) {
      // A client that went away in the middle of its request is no failure.
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
    if (endpoint === undefined) return send(response, 404, errorEnvelope('Not found'));
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
  return ALL.find(
    (endpoint) =>
      endpoint.method === method &&
      new RegExp(`^${endpoint.path.replace(/\{[a-z_]+\}/g, '[^/]+')}$`).test(path),
  );
};

const send = (response: ServerResponse, status: number, envelope: object): void => {
  response.writeHead(status, { 'Content-Type': ENVELOPE_CONTENT_TYPE }).end(JSON.stringify(envelope));
};

/** Makes the check that every scripted request goes through, as at the real gateway: headers, window, signature, single use. */
export const makeSignatureCheck = ({ keyId, secret }: Credentials, now: () => number) => {
  const keys = new Map([[keyId, createSigningKey(secret)]]);
  const used = new Set<string>();
  return (request: IncomingMessage, body: Buffer): Rejection | undefined => {
    const { method = '', url: target = '', rawHeaders } = request;
    const verified = verifyRequest({ method, target, headers: pairsOf(rawHeaders), body, keys, now: now() });
    if (isRejection(verified)) return verified;
    if (used.has(verified.signature)) return REJECTIONS.signature_already_used;
    used.add(verified.signature);
    return undefined;
  };
};

const pairsOf = (rawHeaders: readonly string[]): [name: string, value: string][] =>
  rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []));
