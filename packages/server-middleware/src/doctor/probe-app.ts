import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { DECISION_CHANNEL } from '../authentication/authenticate.ts';
import type { DecisionTrace } from '../authentication/decision-recorder.ts';
import { processWarnings } from '../logger.ts';
import { callObserver } from '../user-code.ts';

export interface ProbeSettings {
  readonly keyId: string;
  readonly secret: string;
  /** Milliseconds to wait for each answer. */
  readonly timeoutMs: number;
}

/** One signed request; `headers` replace the usual ones, after signing. */
export interface Probe {
  readonly method: 'GET' | 'POST';
  readonly target: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ProbeResult {
  /** Left out when there was no answer in time. */
  readonly status?: number | undefined;
  /** Left out when no cpgAuth saw the request. */
  readonly trace?: DecisionTrace | undefined;
}

export type Prober = (probe: Probe) => Promise<ProbeResult>;

/** Serves an app on a loopback port of its own while `use` sends it signed requests, one after the other. */
export const probeApp = async <Result>(
  app: RequestListener,
  settings: ProbeSettings,
  use: (prober: Prober) => Promise<Result>,
): Promise<Result> => {
  const observer = { name: 'The app under examination', callback: app, logger: processWarnings };
  // An app that throws leaves its probe without a response, and the process running.
  const server = createServer((incoming, response) => callObserver(observer, () => app(incoming, response)));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  let trace: DecisionTrace | undefined;
  const keepTrace = (message: unknown) => {
    trace = message as DecisionTrace;
  };
  subscribe(DECISION_CHANNEL, keepTrace);
  const { port } = server.address() as AddressInfo;
  try {
    return await use(async (probe) => {
      trace = undefined;
      const status = await send(probe, settings, port);
      return { status, trace };
    });
  } finally {
    unsubscribe(DECISION_CHANNEL, keepTrace);
    server.closeAllConnections();
    server.close();
  }
};

const send = (
  probe: Probe,
  { keyId, secret, timeoutMs }: ProbeSettings,
  port: number,
): Promise<number | undefined> => {
  const { method, target, timestamp, body = '' } = probe;
  const bytes = Buffer.from(body);
  const signed = signRequest({
    keyId,
    key: createSigningKey(secret),
    method,
    target,
    timestamp,
    body: bytes,
  });
  const headers = {
    ...(body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(bytes.length) }),
    ...signed.headers,
    ...probe.headers,
  };
  return new Promise((resolve) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path: target, headers, agent: false });
    const finish = (status: number | undefined) => {
      clearTimeout(timer);
      outgoing.destroy();
      resolve(status);
    };
    const timer = setTimeout(() => finish(undefined), timeoutMs);
    outgoing.on('response', (response: IncomingMessage) => finish(response.statusCode));
    outgoing.on('error', () => finish(undefined));
    outgoing.flushHeaders();
    // Not `end`: a probe may promise more bytes than it has.
    if (body === '') outgoing.end();
    else outgoing.write(bytes);
  });
};
