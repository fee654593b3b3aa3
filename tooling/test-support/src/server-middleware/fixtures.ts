import { createHash, createHmac } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSigningKey, PERMISSIONS } from '@cpg/protocol';
import { type CpgKey, type Logger, RESPONSE_CHANNEL, type ResponseEvent } from '@cpg/server-middleware';
import { onTestFinished } from 'vitest';
import { LOOPBACK } from '../ports.ts';

export const NOW = 1_747_444_800;
export const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';

export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly body?: string | Uint8Array;
  readonly keyId?: string;
  readonly secret?: string;
  readonly timestamp?: number | string;
  /** Replaces or adds header lines after signing; `null` leaves one out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Sent instead of the signed body. */
  readonly sentBody?: string | Uint8Array;
  /** Sent instead of the signed target. */
  readonly sentTarget?: string;
}

/** Signs with node:crypto alone, independently of the package under test. */
export const createSignature = (parts: RequestParts): string => {
  const { method = 'GET', target = '/v1/_ping', body = '', secret = SECRET, timestamp = NOW } = parts;
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  const bodyHash = createHash('sha256').update(body).digest('hex');
  return createHmac('sha256', secret)
    .update(`${timestamp}\n${method}\n${path}\n${query}\n${bodyHash}`)
    .digest('hex');
};

/** The bytes of one signed HTTP/1.1 request. */
export const signedRequest = (parts: RequestParts = {}): Buffer => {
  const { method = 'GET', target = '/v1/_ping', body = '', keyId = 'ck_full', timestamp = NOW } = parts;
  const sentBody = Buffer.from(parts.sentBody ?? body);
  const headers: Record<string, string | null> = {
    Host: 'localhost',
    'X-CPG-Key': keyId,
    'X-CPG-Timestamp': String(timestamp),
    'X-CPG-Signature': createSignature(parts),
    ...(sentBody.length > 0 ? { 'Content-Length': String(sentBody.length) } : {}),
    ...parts.headers,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === null ? [] : `${name}: ${value}`,
  );
  const head = `${method} ${parts.sentTarget ?? target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), sentBody]);
};

export const testKey = (overrides: Partial<CpgKey> = {}): CpgKey => ({
  keyId: 'ck_full',
  signingKeys: [createSigningKey(SECRET)],
  permissions: PERMISSIONS,
  rateLimitPerMinute: 600,
  accountId: 'acct_1',
  ...overrides,
});

export interface LogLine {
  readonly level: 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that keeps its lines. */
export const recordingLogger = (): Logger & { readonly lines: LogLine[] } => {
  const lines: LogLine[] = [];
  return {
    lines,
    warn: (fields, message) => lines.push({ level: 'warn', fields, message }),
    error: (fields, message) => lines.push({ level: 'error', fields, message }),
  };
};

/** Serves on a free loopback port until the test ends; returns the port. */
export const serve = async (listener: RequestListener): Promise<number> => {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

/** Collects the events of responses until the test ends; `take` waits for the next one. */
export const collectResponses = () => {
  const events: ResponseEvent[] = [];
  let wake = () => {};
  const listener = (message: unknown) => {
    events.push(message as ResponseEvent);
    wake();
  };
  subscribe(RESPONSE_CHANNEL, listener);
  onTestFinished(() => {
    unsubscribe(RESPONSE_CHANNEL, listener);
  });
  return {
    events,
    take: async (): Promise<ResponseEvent> => {
      while (events.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return events.shift() as ResponseEvent;
    },
  };
};
