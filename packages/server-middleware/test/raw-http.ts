import { connect, type Socket } from 'node:net';

/** One answer as it came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; a repeated header joined with `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A socket on which requests are written byte by byte and answers read in order. */
export class RawConnection {
  readonly socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** The next answer; `undefined` when the connection closes without one. */
  async answer(): Promise<RawAnswer | undefined> {
    while (true) {
      const parsed = parseAnswer(this.#received);
      if (parsed !== undefined) {
        this.#received = this.#received.subarray(parsed.end);
        return parsed.answer;
      }
      if (this.#closed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

const parseAnswer = (bytes: Buffer): { answer: RawAnswer; end: number } | undefined => {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [statusLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < end) return undefined;
  const body = bytes.subarray(headEnd + 4, end).toString('utf8');
  return { answer: { status: Number(statusLine.split(' ')[1]), headers, body }, end };
};

/** Sends one request on a connection of its own and reads its answer. */
export const exchange = async (port: number, request: string | Uint8Array): Promise<RawAnswer> => {
  const connection = new RawConnection(port);
  try {
    await connection.write(request);
    const answer = await connection.answer();
    if (answer === undefined) throw new Error('The server closed the connection without an answer.');
    return answer;
  } finally {
    connection.close();
  }
};
