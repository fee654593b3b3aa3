import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DECISION_CHANNEL } from '../authenticate/authenticate.ts';
import type { DecisionTrace } from '../authenticate/decision-trace.ts';
import { SERVER_MIDDLEWARE_ERROR_CODES } from '../errors.ts';
import { callObserver, processWarnings } from '../user-code.ts';
import { type Probe, Prober, type ProberOptions } from './prober.ts';

/** What an app did with a probe. */
export interface AppResult {
  /** Missing if no cpgAuth handled the request. */
  readonly trace?: DecisionTrace | undefined;
  /** For reports. */
  readonly detail: string;
}

export type AppProber = (probe: Probe) => Promise<AppResult>;

/** The decisions about one probe; other requests of the process have no slot. */
interface Slot {
  trace?: DecisionTrace;
}

// Decisions are published inside the async context of their request.
const slots = new AsyncLocalStorage<Slot>();

/** Serves an app on a free loopback port while `use` sends signed requests, one after the other. */
export const serveApp = async <Result>(
  app: RequestListener | Server,
  settings: Pick<ProberOptions, 'keyId' | 'secret' | 'timeoutMs'>,
  use: (send: AppProber) => Promise<Result>,
): Promise<Result> => {
  let slot: Slot = {};
  let hasUnassigned = false;
  const keepTrace = (message: unknown) => {
    const own = slots.getStore();
    if (own === undefined) hasUnassigned = true;
    else own.trace ??= message as DecisionTrace;
  };
  const listener: RequestListener =
    typeof app === 'function' ? app : (request, response) => app.emit('request', request, response);
  const observer = { name: 'The app', callback: app, logger: processWarnings };
  // When the app throws, its probe gets no response, and the process continues.
  const server = createServer((request, response) =>
    slots.run(slot, () => callObserver(observer, () => listener(request, response))),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  subscribe(DECISION_CHANNEL, keepTrace);
  const { port } = server.address() as AddressInfo;
  const origin = { hostname: '127.0.0.1', port, isTls: false };
  const prober = new Prober({ ...settings, origin, host: `127.0.0.1:${port}` });
  try {
    return await use(async (probe) => {
      slot = {};
      hasUnassigned = false;
      const { status } = await prober.send(probe);
      const { trace } = slot;
      return { trace, detail: describe(status, trace, hasUnassigned) };
    });
  } finally {
    unsubscribe(DECISION_CHANNEL, keepTrace);
    server.closeAllConnections();
    server.close();
  }
};

const describe = (status: number, trace: DecisionTrace | undefined, hasUnassigned: boolean): string => {
  if (status === 0) return 'there was no response in time';
  if (trace === undefined) {
    const lost = hasUnassigned
      ? ' Or does a middleware in front of it lose the AsyncLocalStorage context?'
      : '';
    return `got ${status}, but not from cpgAuth. Is it mounted on this path?${lost}`;
  }
  const cause =
    trace.errorCode === undefined
      ? ''
      : `: ${SERVER_MIDDLEWARE_ERROR_CODES[trace.errorCode]} (${trace.errorCode})`;
  return `got ${status}, outcome ${trace.outcome}${cause}`;
};
