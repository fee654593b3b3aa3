import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOOPBACK } from './ports.ts';

export interface Upload {
  readonly port: number;
  readonly target: string;
  /** Bytes of body. */
  readonly length: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default "1.1" */
  readonly httpVersion?: '1.0' | '1.1';
}

const MAX_CONCURRENT = 10;

/**
 * POSTs a body over a socket, as many clients do: writes all of it, then reads until the connection ends. The status, or
 * what the client saw instead.
 */
export const upload = (request: Upload): Promise<string> =>
  new Promise((resolve) => {
    const { port, target, length, headers = {}, httpVersion = '1.1' } = request;
    const all = { Host: 'localhost', Connection: 'close', 'Content-Length': String(length), ...headers };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect({ port, host: LOOPBACK });
    let received = '';
    let failure: string | undefined;
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text;
    });
    socket.pause();
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.code ?? error.message;
    });
    // A reset counts as a loss, even if this client saw the response in time: another one would not.
    socket.on('close', () => {
      const [, status] = /^HTTP\/1\.1 (\d{3}) .*?\r\n\r\n./s.exec(received) ?? [];
      resolve(failure ?? status ?? 'no response');
    });
    socket.write(`POST ${target} HTTP/${httpVersion}\r\n${lines.join('')}\r\n`);
    socket.write(Buffer.alloc(length, 'x'), () => socket.resume());
  });

/** Counts the outcomes of many uploads: `{ '413': 60 }` when none was lost. */
export const countUploads = async (times: number, request: Upload): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (let sent = 0; sent < times; sent += MAX_CONCURRENT) {
    const outcomes = await Promise.all(Array.from({ length: MAX_CONCURRENT }, () => upload(request)));
    for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
};

export interface CurlUpload extends Omit<Upload, 'httpVersion'> {
  /** More options, such as `--http1.0`. */
  readonly options?: readonly string[];
}

export interface CurlResult {
  readonly status: number;
  readonly body: string;
  /** Bytes of body that were sent. */
  readonly uploaded: number;
}

/** POSTs with curl, which fails the test when the connection fails. */
export const uploadWithCurl = (request: CurlUpload): Promise<CurlResult> => {
  const { port, target, length, headers = {}, options = [] } = request;
  const folder = mkdtempSync(join(tmpdir(), 'cpg-upload-'));
  const file = join(folder, 'body');
  writeFileSync(file, '');
  truncateSync(file, length);
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
  const parameters = ['-sS', '-w', '\n%{http_code} %{size_upload}', '--data-binary', `@${file}`, ...lines];
  return new Promise((resolve, reject) => {
    const url = `http://${LOOPBACK}:${port}${target}`;
    execFile('curl', [...parameters, ...options, url], (error, stdout) => {
      rmSync(folder, { recursive: true });
      if (error !== null) return reject(error);
      const [, body = '', status, uploaded] = /^(.*)\n(\d+) (\d+)$/s.exec(stdout) ?? [];
      resolve({ status: Number(status), body, uploaded: Number(uploaded) });
    });
  });
};
