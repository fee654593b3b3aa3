import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { SIGNATURE_HEADER } from '@cpg/protocol';

/** What axios calls to make a request: its `transport` option. */
export interface RequestFactory {
  request(options: RequestOptions, onResponse: (response: IncomingMessage) => void): ClientRequest;
}

const REDACTED = '[redacted]';
const SIGNATURE_NAME = SIGNATURE_HEADER.toLowerCase();
// Node.js fires a longer timer at once.
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Makes requests that hand nothing to a connection before it is established: not before `connect`, with TLS not before
 * `secureConnect`. So `onSend` tells for certain whether a failed request can have reached the server; error codes do not.
 *
 * The signature joins the request at that moment only and is taken out as soon as it is written, because programs log
 * requests, sockets and agents, which all lead to each other.
 */
export const createRequestFactory = (onSend: () => void): RequestFactory => ({
  request: (options, onResponse) => {
    const { visible, signature } = splitHeaders(options.headers);
    const start = /^https/.test(options.protocol ?? '') ? httpsRequest : httpRequest;
    const request = start({ ...options, headers: visible }, onResponse);
    limitConnecting(request);
    holdUntilConnected(request, {
      begin: () => {
        onSend();
        if (signature === undefined) return;
        // Some agents, and an Expect header, have the head made early; it has not been written yet.
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

/** Lets the timeout of a request run while it connects, as axios does for Node's own transports. */
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

interface Moments {
  /** The connection is established; the first byte follows. */
  readonly begin: () => void;
  /** The first part, head included, was handed to the connection. */
  readonly written: () => void;
}

type Method = (...given: unknown[]) => unknown;

const holdUntilConnected = (request: ClientRequest, { begin, written }: Moments): void => {
  const held: (() => void)[] = [];
  const methods = request as unknown as Record<'write' | 'end', Method>;
  const write = methods.write.bind(request);
  const end = methods.end.bind(request);
  methods.write = (...given) => {
    held.push(() => write(...given));
    // Asks a stream that is piped in to wait for "drain".
    return false;
  };
  methods.end = (...given) => {
    held.push(() => end(...given));
    return request;
  };
  const open = (): void => {
    // A proxy that opens no tunnel: its agent gives a socket that only reads, with the proxy's response.
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
    const event = eventToAwait(socket);
    if (event === undefined) return open();
    socket.once(event, open);
    request.once('close', () => socket.off(event, open));
  });
};

/** The event that establishes a connection; none for a kept-alive one, or for a stream of the caller's own agent. */
const eventToAwait = (socket: Socket & { readonly secureConnecting?: boolean }): string | undefined => {
  if (socket.secureConnecting === true) return 'secureConnect';
  return socket.connecting ? 'connect' : undefined;
};

const redactHead = (request: ClientRequest, signature: string | undefined): void => {
  if (signature === undefined) return;
  const head: unknown = Reflect.get(request, '_header');
  // Node.js only asks whether the text is there, once it is written.
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
