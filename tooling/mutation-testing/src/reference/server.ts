import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { makeDecide } from './decide.ts';
import { findRoute, makeContext, type Outcome } from './routes.ts';
import { SERVER_KEYS } from './server-keys.ts';
import type { Arrived, ServerParts } from './server-parts.ts';
import { Switches } from './store.ts';

/** Reads no further. Far beyond any limit that a case tries. */
const MAX_BYTES = 8 * 1024 * 1024;

const readBody = async (request: IncomingMessage, parts: ServerParts): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length <= MAX_BYTES) pieces.push(piece);
    }
  } catch (error) {
    if (parts.isWholeOnly) throw error;
  }
  return parts.joinBody(pieces);
};

const getHeaderPairs = (raw: readonly string[]): Arrived['headers'] =>
  Array.from({ length: raw.length / 2 }, (_, i) => [raw[i * 2] ?? '', raw[i * 2 + 1] ?? ''] as const);

/** A body from which this many bytes are left unread. */
const HASTY_BYTES = 64 * 1024;

/** The first request in a body, which has none itself. */
const parseHead = (body: Buffer): readonly Pick<Arrived, 'method' | 'target' | 'headers' | 'body'>[] => {
  const [head = ''] = body.toString('latin1').split('\r\n\r\n');
  const [line = '', ...lines] = head.split('\r\n');
  const [method = '', target] = line.split(' ');
  if (target === undefined) return [];
  const headers = lines
    .map((each) => each.split(': '))
    .map(([name = '', value = '']) => [name, value] as const);
  return [{ method, target, headers, body: Buffer.alloc(0) }];
};

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );

/**
 * Serves a verifier with these parts on two free loopback ports, as two instances that share everything, with
 * the test hooks `/_sandbox/clock` and `/_sandbox/admission`. Returns their addresses, separated by a space.
 */
export const startServer = async (parts: ServerParts): Promise<string> => {
  if (!parts.isParsed) return startRawServer();
  const decide = makeDecide(parts, SERVER_KEYS);
  const switches = new Switches(parts.clockOffset);
  const context = makeContext(parts, () => switches.now);

  const respond = (response: ServerResponse, { status, body, headers = {} }: Reply): void => {
    const text = parts.write(body);
    const fixed = {
      'content-type': 'application/json; charset=utf-8',
      ...(parts.isChunked || parts.isUntilClose ? {} : { 'content-length': parts.length(text) }),
      date: new Date(switches.now * 1000).toUTCString(),
    };
    const outage = status === 503 ? { 'retry-after': '1' } : {};
    const all = Object.entries({ ...fixed, ...outage, ...headers, ...parts.headers(status) });
    response.sendDate = false;
    if (parts.isUntilClose) {
      response.shouldKeepAlive = false;
      response.useChunkedEncodingByDefault = false;
    }
    response.statusMessage = parts.reason(status) ?? response.statusMessage;
    response.writeHead(status, Object.fromEntries(all.filter(([, value]) => value !== undefined)));
    if (parts.isChunked) response.write(text.slice(0, 9));
    response.end(parts.isChunked ? text.slice(9) : text);
  };

  const serve = async (
    request: IncomingMessage,
    response: ServerResponse,
    instance: number,
  ): Promise<void> => {
    const { socket } = request;
    const early: Arrived = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: getHeaderPairs(request.rawHeaders),
      trailers: [],
      body: Buffer.alloc(0),
      address: socket.remoteAddress ?? '',
      connection: socket,
      instance,
    };
    const declared = Number(request.headers['content-length']);
    if (parts.isHasty && declared > HASTY_BYTES) {
      const unread = { ...early, body: Buffer.alloc(declared) };
      const { rejection } = await decide(unread, { now: switches.now, permission: null, store: 'up' });
      if (rejection !== undefined) {
        response.once('finish', () => socket.destroy());
        return respond(response, { status: rejection.status, body: parts.envelope(rejection.message) });
      }
    }
    const body = await readBody(request, parts);
    if (request.url?.startsWith('/_sandbox/'))
      return respond(response, { status: 200, body: switches.set(body) });
    const arrived = parts.arrive({ ...early, trailers: getHeaderPairs(request.rawTrailers), body });
    const { permission, handle, allow } = findRoute(arrived.method, arrived.target, context);
    const { now, store } = switches;
    const keyId = parts.getHeaderValues(arrived.headers, 'X-CPG-Key')[0] ?? '';
    const account = SERVER_KEYS.find((key) => key.keyId === keyId)?.account ?? '';
    await parts.delay(arrived);
    let isLetIn = true;
    const result = await parts.perform<Outcome>(
      async () => {
        const { rejection } = await decide(arrived, { now, permission, store });
        isLetIn = rejection === undefined;
        return rejection;
      },
      () => handle(arrived.body, account),
    );
    if ('data' in result) {
      const rows = Array.isArray(result.data) ? { data_count: parts.count(result.data.length) } : {};
      return respond(response, { status: 200, body: { success: true, message: 'OK', ...result, ...rows } });
    }
    if (parts.isReread(result.status, arrived)) {
      const [inner] = parseHead(body);
      if (inner !== undefined) await decide({ ...arrived, ...inner }, { now, permission, store });
    }
    const allowed = isLetIn && allow !== undefined ? { allow } : {};
    respond(response, { status: result.status, body: parts.envelope(result.message), headers: allowed });
  };

  const instances = [0, 1].map((instance) =>
    createServer({ insecureHTTPParser: parts.isLenient }, (request, response) => {
      serve(request, response, instance).catch(() =>
        respond(response, { status: 500, body: { success: false, message: 'Internal server error' } }),
      );
    }),
  );
  return (await Promise.all(instances.map(listen))).join(' ');
};

const BODY = JSON.stringify({ success: true, message: 'OK', data: { pong: true } });
const RESPONSE = `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${BODY.length}\r\nConnection: close\r\n\r\n${BODY}`;

/** Responds with 200 to the first bytes of a connection, without an HTTP parser. */
export const startRawServer = (): Promise<string> => {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined).once('data', () => socket.end(RESPONSE));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
};
