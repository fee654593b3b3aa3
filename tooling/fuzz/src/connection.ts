import { connect } from 'node:net';
import { LOOPBACK } from '@cpg/test-support/ports';
import type { Stream } from './hostile-requests.ts';

export interface Response {
  readonly status: number;
  /** Of the envelope; missing when Node.js itself rejected the request, before the middleware. */
  readonly message?: string | undefined;
  /** Whether the server closes the connection after it. */
  readonly isLast?: boolean | undefined;
  /** The header `X-Arrived` of an accepted request. */
  readonly arrived?: string | undefined;
}

const DEADLINE_MS = 120_000;

/** Sends a stream on a new connection; returns the responses, in order, when the last one came or the server has closed. */
export const exchange = (port: number, { pieces, methods, isSequential }: Stream): Promise<Response[]> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: LOOPBACK, noDelay: true });
    const responses: Response[] = [];
    let received: Buffer = Buffer.alloc(0);
    let written = 0;
    const writeNext = () => {
      const piece = pieces[written];
      written += 1;
      if (piece === undefined) return;
      socket.write(piece);
      if (!isSequential) setImmediate(writeNext);
    };
    socket.setTimeout(DEADLINE_MS, () => socket.destroy());
    socket.on('connect', () => {
      writeNext();
      // The server closes when it has answered all that it understood.
      if (methods === undefined) setImmediate(endAfterWrites);
    });
    const endAfterWrites = () => {
      if (written > pieces.length) socket.end();
      else setImmediate(endAfterWrites);
    };
    socket.on('data', (chunk: Buffer) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      for (;;) {
        const parsed = parseResponse(received, methods?.[responses.length] === 'HEAD');
        if (parsed === undefined) return;
        received = parsed.rest;
        if (parsed.response.status < 200) continue;
        responses.push(parsed.response);
        if (responses.length === methods?.length) socket.destroy();
        else if (isSequential) writeNext();
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(responses));
  });

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;
const CONTENT_LENGTH = /^content-length: (\d+)$/im;
const ARRIVED = /^x-arrived: (.*)$/im;

const parseResponse = (
  bytes: Buffer,
  isHead: boolean,
): { readonly response: Response; readonly rest: Buffer } | undefined => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const head = bytes.subarray(0, headEnd).toString('latin1').replaceAll('\r', '');
  const length = isHead ? 0 : Number(CONTENT_LENGTH.exec(head)?.[1] ?? 0);
  const end = headEnd + 4 + length;
  if (bytes.length < end) return undefined;
  const body = bytes.subarray(headEnd + 4, end).toString();
  const isEnvelope = /^content-type: application\/json/im.test(head);
  const message = isEnvelope && !isHead ? (JSON.parse(body) as { message: string }).message : undefined;
  const status = Number(STATUS_LINE.exec(head)?.[1]);
  const arrived = ARRIVED.exec(head)?.[1];
  const isFromNode = !isEnvelope && arrived === undefined;
  return {
    response: {
      status,
      arrived,
      isLast: /^connection: close$/im.test(head),
      message: isFromNode ? undefined : (message ?? ''),
    },
    rest: bytes.subarray(end),
  };
};
