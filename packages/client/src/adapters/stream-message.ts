import type { Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import { readWireMessage } from '../errors.ts';
import { asBytes, encodeText, getNodeModule, isObject } from '../platform.ts';

// Error envelopes are far shorter, and the gateway sends them at once.
const MAX_MESSAGE_BYTES = 10_000;
const MAX_WAIT_MS = 2_000;

export const isStream = (data: unknown): data is Readable =>
  isObject(data) && typeof data.once === 'function' && typeof data.pipe === 'function';

/**
 * The envelope's message of a response. The body of a 401 that arrives as a stream of Node.js is read for it, and the
 * response gets a stream with the same content: the message says whether to send the request again.
 */
export const receiveMessage = async (response: AxiosResponse): Promise<string | undefined> => {
  const { status, data } = response;
  if (status !== 401 || !isStream(data)) return readWireMessage(data);
  const read = await readBeginning(data);
  const bytes = Buffer.concat(read.chunks);
  if (!read.isEnd) data.unshift(bytes);
  else response.data = createStream(bytes, read.error);
  return readWireMessage(bytes);
};

interface Beginning {
  readonly chunks: readonly Uint8Array[];
  /** Whether the stream has ended; otherwise the rest can be read. */
  readonly isEnd: boolean;
  readonly error?: unknown;
}

const readBeginning = (stream: Readable): Promise<Beginning> =>
  new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const finish = (isEnd: boolean, error?: unknown): void => {
      clearTimeout(timer);
      stream.off('data', collect).off('end', onEnd).off('error', onError).off('close', onEnd);
      stream.pause();
      resolve({ chunks, isEnd, error });
    };
    const collect = (chunk: unknown): void => {
      const bytes = asBytes(chunk) ?? encodeText(String(chunk));
      chunks.push(bytes);
      length += bytes.length;
      if (length > MAX_MESSAGE_BYTES) finish(false);
    };
    const onEnd = (): void => finish(true);
    const onError = (error: unknown): void => finish(true, error);
    const timer = setTimeout(() => finish(false), MAX_WAIT_MS);
    stream.on('data', collect).once('end', onEnd).once('error', onError).once('close', onEnd);
  });

const createStream = (bytes: Uint8Array, error: unknown): Readable =>
  getNodeModule('node:stream').Readable.from(
    (async function* () {
      if (bytes.length > 0) yield bytes;
      if (error !== undefined) throw error;
    })(),
    { objectMode: false },
  );
