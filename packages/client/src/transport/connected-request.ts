import type { ClientRequest, IncomingMessage } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { SIGNATURE_HEADER } from '@cpg/protocol';
import { getNodeModule } from '../platform.ts';

/** The `transport` option of axios. */
interface RequestFactory {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

const REDACTED = '[redacted]';
const SIGNATURE_NAME = SIGNATURE_HEADER.toLowerCase();
// Node.js fires longer timers immediately.
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Creates requests that write nothing before the connection is established: `connect`, or `secureConnect` for
 * TLS. If `onSend` was not called, a failed request cannot have reached the server; error codes do not tell.
 *
 * The signature is added just before the request is written and removed right after, because programs log
 * requests, sockets and agents, which all refer to each other.
 */
export const createRequestFactory = (onSend: () => void): RequestFactory => ({
  request: (options, onResponse) => {
    const { visible, signature } = splitHeaders(options.headers);
    const { request: start } = getNodeModule(
      /^https/.test(options.protocol ?? '') ? 'node:https' : 'node:http',
    );
    const request = start({ ...options, headers: visible }, onResponse);
    limitConnecting(request);
    holdUntilConnected(request, {
      begin: () => {
        onSend();
        if (signature === undefined) return;
        // Some agents and the Expect header cause an early head, which has not been written yet.
        if (request.headersSent) Reflect.set(request, '_header', null);
        request.setHeader(SIGNATURE_HEADER, signature);
      },
      written: () => redactHead(request, signature),
    });
    return request;
  },
});

const splitHeaders = (headers: RequestOptions['headers']) => {
  const entries = Object.entries((headers ?? {}) as Readonly<Record<string, string>>);
  const isSignature = ([name]: readonly [string, unknown]): boolean => name.toLowerCase() === SIGNATURE_NAME;
  return {
    visible: Object.fromEntries(entries.filter((entry) => !isSignature(entry))),
    signature: entries.find(isSignature)?.[1],
  };
};

/** Applies the request's timeout while connecting too, as axios does for Node's own transports. */
const limitConnecting = (request: ClientRequest): void => {
  const setSocketTimeout = request.setTimeout.bind(request);
  request.setTimeout = (milliseconds, onTimeout) => {
    if (onTimeout !== undefined && milliseconds > 0 && milliseconds <= MAX_TIMER_MS) {
      const timer = setTimeout(onTimeout, milliseconds);
      for (const end of ['response', 'close']) request.once(end, () => clearTimeout(timer));
    }
    return setSocketTimeout(milliseconds, onTimeout);
  };
};

interface ConnectionEvents {
  /** Called when the connection is established, before the first byte. */
  readonly begin: () => void;
  /** Called after each write, the first of which includes the head. */
  readonly written: () => void;
}

type Method = (...given: unknown[]) => unknown;

const holdUntilConnected = (request: ClientRequest, { begin, written }: ConnectionEvents): void => {
  const held: (() => void)[] = [];
  const methods = request as unknown as Record<'write' | 'end', Method>;
  const write = methods.write.bind(request);
  const end = methods.end.bind(request);
  methods.write = (...given) => {
    held.push(() => write(...given));
    // Makes a piped stream wait for "drain".
    return false;
  };
  methods.end = (...given) => {
    held.push(() => end(...given));
    return request;
  };
  const open = (): void => {
    // If a proxy opens no tunnel, its agent provides a read-only socket with the proxy's response.
    if (request.destroyed || request.socket?.writable === false) return;
    const send = (run: () => unknown): unknown => {
      const result = run();
      written();
      return result;
    };
    begin();
    methods.write = (...given) => send(() => write(...given));
    methods.end = (...given) => send(() => end(...given));
    for (const each of held.splice(0)) send(each);
    request.emit('drain');
  };
  request.once('socket', (socket) => {
    const event = findConnectEvent(socket);
    if (event === undefined) return open();
    socket.once(event, open);
    request.once('close', () => socket.off(event, open));
  });
};

/**
 * The event of an established connection; none for a kept-alive connection or a stream of the caller's own
 * agent.
 */
const findConnectEvent = (socket: Socket & { readonly secureConnecting?: boolean }): string | undefined => {
  if (socket.secureConnecting === true) return 'secureConnect';
  return socket.connecting ? 'connect' : undefined;
};

const redactHead = (request: ClientRequest, signature: string | undefined): void => {
  if (signature === undefined) return;
  const head: unknown = Reflect.get(request, '_header');
  // Once written, Node.js only checks that the text exists.
  if (typeof head === 'string') Reflect.set(request, '_header', head.replaceAll(signature, REDACTED));
  for (const symbol of Object.getOwnPropertySymbols(request)) {
    const headers: unknown = Reflect.get(request, symbol);
    if (symbol.description === 'kOutHeaders') redactStored(headers);
  }
};

const redactStored = (headers: unknown): void => {
  const stored = (headers as Readonly<Record<string, unknown[]>> | null)?.[SIGNATURE_NAME];
  if (Array.isArray(stored)) stored[1] = REDACTED;
};
