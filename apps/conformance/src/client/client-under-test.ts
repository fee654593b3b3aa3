import { SIGNATURE_HEADER } from '@cpg/protocol';
import type { Adapter } from '../adapter/adapter.ts';
import type { CallResult } from '../adapter/responses.ts';
import type { Checker } from '../core/checker.ts';
import type { RunSettings } from '../core/run-settings.ts';
import type { ConformanceCase } from '../core/suite.ts';
import { getHeaderValues, type HttpMessage } from '../wire/http-message.ts';
import { type CaptureServer, type Responder, startCapture } from './capture-server.ts';
import {
  type CapturedRequest,
  type ClockReading,
  type Credentials,
  expectSigned,
  parseCaptured,
} from './captured-request.ts';

/** One call that the client is told to make. */
export interface Call {
  readonly operation:
    | 'ping'
    | 'balances.list'
    | 'transactions.list'
    | 'withdrawals.create'
    | 'withdrawals.get';
  readonly args?: Readonly<Record<string, unknown>>;
  /** Unix seconds of the client's clock, for an adapter whose clock can be moved. */
  readonly now?: number;
  /** The timeout of the client, for an adapter that can set it. */
  readonly timeoutMs?: number;
}

/** A client and a capturing server, for one case. */
export interface Scene {
  readonly credentials: Credentials;
  readonly server: CaptureServer;
  readonly call: (call: Call) => Promise<CallResult>;
  /** The captured requests, in order. */
  readonly captured: () => readonly CapturedRequest[];
  /** Checks that every captured request is signed right, and that no two share a signature. */
  readonly expectAllSigned: (clock?: ClockReading) => void;
}

const MAX_SHOWN_LENGTH = 8_000;

const cut = (text: string): string =>
  text.length <= MAX_SHOWN_LENGTH ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}… (${text.length} bytes)`;

const formatMessage = ({ startLine, headers, body }: HttpMessage): string => {
  const head = [startLine, ...headers.map((pair) => pair.join(': '))].join('\r\n');
  return cut(`${head}\r\n\r\n${body.toString('latin1')}`);
};

/** The client under test in one case. */
export class ClientUnderTest {
  readonly check: Checker;
  readonly adapter: Adapter;
  readonly settings: RunSettings;

  constructor(check: Checker, adapter: Adapter, settings: RunSettings) {
    this.check = check;
    this.adapter = adapter;
    this.settings = settings;
  }

  /** The current time for a client with a movable clock, which makes waiting cheap; nothing for any other. */
  movableNow(): { readonly now?: number } {
    return this.adapter.capabilities.has('clock') ? { now: Math.floor(Date.now() / 1000) } : {};
  }

  /** Credentials for this run and label. The secret is added to the masker. */
  credentials(label: string, secret = this.settings.random.secret(`client/${label}`)): Credentials {
    this.settings.masker.addSecret(secret);
    return {
      keyId: `ck_run_${this.settings.random.bytes(`client-key/${label}`, 6).toString('hex')}`,
      secret,
    };
  }

  /** Runs a scene with a server that replies by `respond`, and closes the server afterwards. */
  async play(
    { label, respond, secret }: { label: string; respond: Responder; secret?: string },
    act: (scene: Scene) => Promise<void>,
  ): Promise<void> {
    const { check, settings } = this;
    const credentials = this.credentials(label, secret);
    const server = await startCapture(respond);
    const captured = () => server.requests.map(parseCaptured);
    let added = 0;
    const addExchange = () => {
      for (; added < server.requests.length; added++) {
        const message = server.requests[added];
        if (message === undefined) return;
        for (const signature of getHeaderValues(message, SIGNATURE_HEADER))
          settings.masker.addSignature(signature);
        check.addExchange({ sent: formatMessage(message), received: cut(server.responses[added] ?? '') });
      }
    };
    const call = async ({ operation, args = {}, now, timeoutMs }: Call): Promise<CallResult> => {
      const { keyId, secret } = credentials;
      const command = {
        baseUrl: server.url,
        keyId,
        secret: Buffer.from(secret),
        operation,
        args,
        now,
        timeoutMs,
      };
      try {
        return await this.adapter.call(command);
      } finally {
        addExchange();
      }
    };
    const expectAllSigned = (clock: ClockReading = {}) => {
      check.equal('unreadable requests', { expected: 'none', actual: server.problems[0] ?? 'none' });
      const requests = captured();
      check.that(requests.length > 0, { what: 'requests', expected: 'at least one', actual: 'none' });
      for (const request of requests) expectSigned(check, request, { ...credentials, ...clock });
      const signatures = new Set(requests.map(({ signature }) => signature));
      check.equal('distinct signatures', { expected: requests.length, actual: signatures.size });
    };
    try {
      await act({ credentials, server, call, captured, expectAllSigned });
    } finally {
      await server.close();
    }
  }
}

export type ClientCase = ConformanceCase<ClientUnderTest>;

type Row = Omit<ClientCase, 'group' | 'spec'> & Partial<Pick<ClientCase, 'spec'>>;

/**
 * Adds what the cases of a table have in common, and prefixes their ids. All need an adapter that can `call`.
 */
export const clientCases = (
  common: Pick<ClientCase, 'group' | 'spec'> & Pick<Partial<ClientCase>, 'needs' | 'timeoutMs'>,
  rows: readonly Row[],
): readonly ClientCase[] =>
  rows.map((row) => ({
    ...common,
    ...row,
    id: `client-${row.id}`,
    needs: ['call', ...(common.needs ?? []), ...(row.needs ?? [])],
  }));
