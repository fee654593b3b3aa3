import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createSigningKey, type SigningKey, signRequest } from '@cpg/protocol';
import { getAccount } from './environment.ts';

export interface Wanted {
  readonly method?: 'GET' | 'POST';
  readonly target: string;
  /** The number of the account. @default 0 */
  readonly account?: number;
  readonly body?: object;
}

const keys = new Map<number, SigningKey>();

const findKey = (account: number): SigningKey => {
  const known = keys.get(account) ?? createSigningKey(getAccount(account).secret);
  keys.set(account, known);
  return known;
};

/** The bytes of a signed request. */
export const formatRequest = ({ method = 'GET', target, account = 0, body }: Wanted): Buffer => {
  const bytes = Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const timestamp = Math.floor(Date.now() / 1000);
  const { keyId } = getAccount(account);
  const signed = signRequest({ keyId, key: findKey(account), method, target, body: bytes, timestamp });
  const headers = {
    Host: 'localhost',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': bytes.length }),
    ...signed.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]);
};

export interface Exchange {
  readonly status: number;
  readonly body: Buffer;
  readonly milliseconds: number;
}

/** Reads one response with a Content-Length. */
const readResponse = async (socket: Socket): Promise<{ readonly head: string; readonly body: Buffer }> => {
  let received: Buffer = Buffer.alloc(0);
  while (true) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    const end = received.indexOf('\r\n\r\n');
    if (end === -1) continue;
    const head = received.subarray(0, end).toString('latin1');
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    if (received.length >= end + 4 + length) return { head, body: received.subarray(end + 4) };
  }
};

const send = async (socket: Socket, request: Buffer): Promise<Exchange> => {
  const startedAt = performance.now();
  socket.write(request);
  const { head, body } = await readResponse(socket);
  return { status: Number(head.slice(9, 12)), body, milliseconds: performance.now() - startedAt };
};

// What a gateway responds when a busy machine makes one of its stores late.
const UNAVAILABLE = 503;

/**
 * Sends requests over so many connections, each with one in flight. Returns those that got a 200; the others got a 503,
 * and any other status rejects.
 */
export const sendAll = async (
  port: number,
  requests: readonly Buffer[],
  connections = 32,
): Promise<readonly Exchange[]> => {
  const exchanges: Exchange[] = [];
  let next = 0;
  const work = async () => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await once(socket, 'connect');
    for (let request = requests[next++]; request !== undefined; request = requests[next++]) {
      const exchange = await send(socket, request);
      if (exchange.status === 200) exchanges.push(exchange);
      else if (exchange.status !== UNAVAILABLE)
        throw new Error(`Expected 200: got ${exchange.status} ${exchange.body}`);
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: Math.min(connections, requests.length) }, work));
  return exchanges;
};

let serial = 0;

/** A request for balances that differs from all others. */
export const balancesRequest = (account: number): Buffer => {
  serial += 1;
  return formatRequest({ target: `/v1/balances?n=${serial}`, account });
};

/** A withdrawal with a reference of its own. */
export const withdrawalRequest = (account: number): Buffer => {
  serial += 1;
  return formatRequest({
    method: 'POST',
    target: '/v1/withdrawals',
    account,
    body: {
      currency: 'USDT',
      network: 'ETH',
      amount: '10.5',
      to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
      client_reference: `bench-${process.pid}-${serial}`,
    },
  });
};
