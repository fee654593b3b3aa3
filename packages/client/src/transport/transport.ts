import type { IncomingHttpHeaders } from 'node:http';

/** One signed request, finished to the last byte. */
export interface WireRequest {
  readonly method: string;
  /** Absolute; what follows the origin is the signed target. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | undefined;
}

/** One answer, not judged yet. */
export interface WireResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SendControl {
  readonly signal: AbortSignal;
  /** Called once a connection is established, just before the first byte: without it, nothing was sent. */
  readonly onSend: () => void;
}

/** Sends bytes as they are and follows no redirect. */
export interface Transport {
  /** @throws TransportError when there is no complete answer. */
  send(request: WireRequest, control: SendControl): Promise<WireResponse>;
  /** Closes the connections that the transport itself opened. */
  close(): void;
}
