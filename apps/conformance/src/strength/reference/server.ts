import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeDecide } from './decide.ts';
import { startRawServer } from './raw-server.ts';
import { routeOf } from './routes.ts';
import { SERVER_KEYS } from './server-keys.ts';
import type { Arrived, ServerParts } from './server-parts.ts';

/** Stops reading here: far beyond any limit that is tried. */
const MOST_BYTES = 8 * 1024 * 1024;

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MOST_BYTES) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const pairsOf = (raw: readonly string[]): Arrived['headers'] =>
  Array.from({ length: raw.length / 2 }, (_, i) => [raw[i * 2] ?? '', raw[i * 2 + 1] ?? ''] as const);

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** Serves a verifier made of these parts on a free loopback port, with a clock at `/_sandbox/clock`. */
export const startServer = (parts: ServerParts): Promise<string> => {
  if (!parts.isParsed) return startRawServer();
  const decide = makeDecide(parts, SERVER_KEYS);
  let frozen: number | null = null;

  const answer = (response: ServerResponse, { status, body, headers = {} }: Reply): void => {
    const text = JSON.stringify(body);
    const fixed = {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    };
    response.writeHead(status, { ...fixed, ...headers, ...parts.headers(status) }).end(text);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: target = '' } = request;
    const body = await readBody(request);
    if (target === '/_sandbox/clock') {
      if (method === 'PUT') frozen = (JSON.parse(body.toString()) as { now: number | null }).now;
      return answer(response, {
        status: 200,
        body: { now: frozen ?? Math.floor(Date.now() / 1000), frozen: frozen !== null },
      });
    }
    const address = request.socket.remoteAddress ?? '';
    const arrived: Arrived = { method, target, headers: pairsOf(request.rawHeaders), body, address };
    const route = routeOf(method, target);
    const { refusal } = await decide(arrived, frozen ?? Math.floor(Date.now() / 1000), route.permission);
    const result = refusal ?? route.handle(body);
    if ('data' in result) {
      const rows = Array.isArray(result.data) ? { data_count: result.data.length } : {};
      return answer(response, {
        status: 200,
        body: { success: true, message: 'OK', data: result.data, ...rows },
      });
    }
    const allow = refusal === undefined && route.allow !== undefined ? { allow: route.allow } : {};
    answer(response, { status: result.status, body: parts.envelope(result.message), headers: allow });
  };

  const server = createServer((request, response) => {
    serve(request, response).catch(() =>
      answer(response, { status: 500, body: { success: false, message: 'Internal server error' } }),
    );
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
};
