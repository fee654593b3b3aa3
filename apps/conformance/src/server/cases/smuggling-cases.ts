import { pause } from '../../core/case-scope.ts';
import type { CraftedRequest, HeaderPair, Recipe } from '../../core/probes/index.ts';
import { type ExpectedRejection, REJECTIONS } from '../../core/rejections.ts';
import { Connection, NoResponse, openSocket, type RawResponse } from '../../wire/connection.ts';
import { readMessage } from '../../wire/http-message.ts';
import type { EncodedRequest } from '../encode-request.ts';
import { expectAccepted, expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';

const LIMIT = 1024 * 1024;

/** A request that is rejected before its body is needed. */
interface Rejected {
  readonly id: string;
  readonly description: string;
  readonly expected: ExpectedRejection;
  readonly recipe: Recipe;
  readonly extraHeaders?: readonly HeaderPair[];
}

const REJECTED: readonly Rejected[] = [
  {
    id: 'unsigned',
    description: 'without authentication (401)',
    expected: REJECTIONS.missingHeaders,
    recipe: { headers: () => [] },
  },
  {
    id: 'forged',
    description: 'with a forged signature (401)',
    expected: REJECTIONS.invalidSignature,
    recipe: { mac: () => 'a'.repeat(64) },
  },
  {
    id: 'late',
    description: 'with a timestamp outside the window (401)',
    expected: REJECTIONS.outsideWindow,
    recipe: { timestamp: '0' },
  },
  {
    id: 'target',
    description: 'with a malformed target (400)',
    expected: REJECTIONS.malformedTarget,
    recipe: { target: '/v1/withdrawals#' },
  },
  {
    id: 'encoding',
    description: 'with a Content-Encoding (415)',
    expected: REJECTIONS.contentEncoding,
    recipe: {},
    extraHeaders: [['Content-Encoding', 'gzip']],
  },
  {
    id: 'large',
    description: 'with a body that is too large (413)',
    expected: REJECTIONS.bodyTooLarge,
    recipe: {},
  },
];

const encode = (
  server: ServerUnderTest,
  { recipe, extraHeaders = [] }: Rejected,
  { body, ...encoding }: { body: Buffer; chunked?: boolean; keepAlive?: boolean },
): EncodedRequest => {
  const target = `/v1/withdrawals?nonce=${server.basis().nonce}`;
  const request = server.craft({ method: 'POST', target, body, ...recipe });
  return server.encode(request, { ...encoding, extraHeaders });
};

const EARLY_MS = 30;

/** The response before the body is sent, from a server that does not wait for it. */
const readEarly = (connection: Connection): Promise<RawResponse> =>
  connection.read(EARLY_MS).catch((error: unknown) => {
    if (error instanceof NoResponse) return undefined;
    throw error;
  });

/** Expects that a request in the body of a rejected one is not carried out, and not answered. */
const smuggle = async (
  server: ServerUnderTest,
  rejected: Rejected,
  { chunked, isLate }: { chunked: boolean; isLate: boolean },
): Promise<void> => {
  const inner = server.craft({}, server.basis('noperm'));
  const bytes = server.encode(inner, { keepAlive: true }).head;
  const body = rejected.id === 'large' ? Buffer.alloc(LIMIT + 1, bytes) : bytes;
  const sent = encode(server, rejected, { body, chunked, keepAlive: true });
  const connection = await Connection.open(server.target.address);
  try {
    let first: RawResponse;
    if (isLate) {
      connection.write(sent.head);
      first = await readEarly(connection);
      connection.write(sent.body);
    } else connection.write(Buffer.concat([sent.head, sent.body]));
    first ??= await connection.read();
    expectRejected(server.check, server.read(sent, first), rejected.expected);
    const basis = server.basis('readonly');
    const next = server.encode(server.craft({ target: `/v1/unknown?nonce=${basis.nonce}` }, basis));
    connection.write(next.head);
    const response = await connection.read();
    // The server may close the connection after a rejection.
    if (response !== undefined)
      expectRejected(server.check, server.read(next, response), REJECTIONS.notFound);
  } finally {
    connection.close();
  }
  // A request that was carried out cannot be sent again.
  expectAccepted(server.check, await server.send(inner));
};

const PIECE = 64 * 1024;
const BETWEEN_PIECES_MS = 4;

/** Sends everything before it reads, as many HTTP libraries do. `undefined`: the connection was reset. */
const sendThenRead = async (server: ServerUnderTest, sent: EncodedRequest): Promise<RawResponse> => {
  const socket = (await openSocket(server.target.address)).pause();
  const bytes = Buffer.concat([sent.head, sent.body]);
  const closed = new Promise<false>((resolve) => {
    socket.once('close', () => resolve(false));
  });
  const write = (piece: Buffer): Promise<boolean> => {
    const written = new Promise<boolean>((resolve) => {
      socket.write(piece, (error) => resolve(error === null || error === undefined));
    });
    return Promise.race([written, closed]);
  };
  try {
    for (let start = 0; start < bytes.length; start += PIECE) {
      if (!(await write(bytes.subarray(start, start + PIECE)))) return undefined;
      await pause(BETWEEN_PIECES_MS);
    }
    const pieces: Buffer[] = [];
    for await (const piece of socket) {
      pieces.push(piece as Buffer);
      const message = readMessage(Buffer.concat(pieces), { isResponse: true });
      if (message !== undefined) return message;
    }
    return readMessage(Buffer.concat(pieces), { isResponse: true, isClosed: true });
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
};

/** A response that is cut off by a reset may arrive all the same. */
const ARRIVALS = 3;

const arrives = async (server: ServerUnderTest, rejected: Rejected): Promise<void> => {
  for (let i = 0; i < ARRIVALS; i++) await arrivesOnce(server, rejected);
};

const arrivesOnce = async (server: ServerUnderTest, rejected: Rejected): Promise<void> => {
  const body = Buffer.alloc(rejected.id === 'large' ? LIMIT + 1 : LIMIT / 2, 0x20);
  const sent = encode(server, rejected, { body });
  const response = await sendThenRead(server, sent);
  server.check.that(response !== undefined, {
    what: 'response to a client that sends its body before it reads',
    expected: `${rejected.expected.status} ${rejected.expected.message}`,
    actual: 'none: the connection was closed or reset while the body was sent',
    hint: 'Read and discard the rest of the body, for a limited time, before closing the connection.',
  });
  expectRejected(server.check, server.read(sent, response), rejected.expected);
};

const PIPELINED = 6;

/** Requests in one piece. Each has a response of its own, in the order of the requests. */
const pipeline = async (server: ServerUnderTest): Promise<void> => {
  const requests = Array.from({ length: PIPELINED }, (_, i): CraftedRequest => {
    const { nonce } = server.basis();
    if (i % 3 === 1) return server.craft({ target: `/v1/unknown?nonce=${nonce}` });
    return server.craft(i % 3 === 2 ? { mac: () => 'a'.repeat(64) } : {});
  });
  const sent = requests.map((request) => server.encode(request, { keepAlive: true }));
  const connection = await Connection.open(server.target.address);
  try {
    connection.write(Buffer.concat(sent.map(({ head }) => head)));
    for (const [i, each] of sent.entries()) {
      const raw = await connection.read().catch((error: unknown) => error);
      server.check.that(!(raw instanceof NoResponse), {
        what: `response ${i + 1} of ${PIPELINED}`,
        expected: 'a response, or a closed connection',
        actual: 'neither',
      });
      if (raw instanceof Error) throw raw;
      // A server may close the connection after any response.
      if (raw === undefined && i > 0) return;
      const response = server.read(each, raw as RawResponse);
      if (i % 3 === 0) expectAccepted(server.check, response);
      else
        expectRejected(
          server.check,
          response,
          i % 3 === 1 ? REJECTIONS.notFound : REJECTIONS.invalidSignature,
        );
    }
  } finally {
    connection.close();
  }
};

/** The rest of a rejected request, and what follows it on its connection. */
export const SMUGGLING_CASES = [
  ...serverCases(
    { group: 'connection', spec: '§3', timeoutMs: 20_000 },
    REJECTED.map((rejected) => ({
      id: `smuggle-${rejected.id}`,
      description: `a request in the body of one ${rejected.description} is not carried out: with a length, chunked, at once and late`,
      run: async (server: ServerUnderTest) => {
        for (const chunked of [false, true])
          for (const isLate of [false, true]) await smuggle(server, rejected, { chunked, isLate });
      },
    })),
  ),
  ...serverCases(
    { group: 'connection', spec: '§3', timeoutMs: 20_000 },
    REJECTED.map((rejected) => ({
      id: `arrives-${rejected.id}`,
      description: `the response to a request ${rejected.description} arrives, also at a client that sends its body before it reads`,
      run: (server: ServerUnderTest) => arrives(server, rejected),
    })),
  ),
  ...serverCases({ group: 'connection', spec: '§3' }, [
    {
      id: 'pipelined',
      description: `${PIPELINED} requests in one piece: a response to each, in order, until the server closes the connection`,
      run: pipeline,
    },
  ]),
];
