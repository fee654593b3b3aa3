import { REJECTIONS } from '../core/rejections.ts';
import { type Address, exchange, openSocket } from '../wire/connection.ts';
import { getHeader, parseServerResponse, type ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { TestKey, TestKeys } from './test-keys.ts';

/** What a report says of a server's clock; `offset` is what it is ahead of ours, in seconds. */
export const clockNote = (offset: number): string => {
  if (offset === 0) return 'clock agrees';
  return offset < 0 ? `clock ${-offset} s behind` : `clock ${offset} s ahead`;
};

/** Where a server listens, of its URL. */
export const parseAddress = (url: string): Address => {
  const { hostname, port, protocol } = new URL(url);
  if (protocol !== 'http:') throw new Error(`the server's URL must begin with http://: got ${protocol}//`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
};

/** Asks once; returns what the server's clock is ahead of ours, in seconds. Throws when nobody answers. */
export const readClockOffset = async (address: Address): Promise<number> => {
  const request = `GET /v1/_ping HTTP/1.1\r\nHost: ${address.host}\r\nConnection: close\r\n\r\n`;
  const raw = await exchange(address, Buffer.from(request));
  if (raw === undefined) throw new Error('the server closed the connection without an answer');
  const date = Date.parse(getHeader(parseServerResponse(raw), 'date') ?? '');
  // `Date` says whole seconds, rounded down: half a second off on average.
  return Number.isNaN(date) ? 0 : Math.round((date + 500 - Date.now()) / 1000);
};

/** Connects once from a local address. Throws an error that says how to give this machine that address. */
export const assertLocalAddress = async (address: Address): Promise<void> => {
  try {
    (await openSocket(address)).destroy();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRNOTAVAIL') throw error;
    throw new Error(
      `cannot connect from ${address.localAddress}: this machine does not have that address (EADDRNOTAVAIL). Linux has all of 127.0.0.0/8; on macOS: sudo ifconfig lo0 alias ${address.localAddress} up.`,
      { cause: error },
    );
  }
};

/** Keys that may do at least `_ping` from here and have requests to spare. */
const liveKeys = ({ full, readonly, noperm, other, only }: TestKeys): readonly [string, TestKey][] => [
  ...Object.entries({ full, readonly, noperm, other }),
  ...Object.entries(only ?? {}).map(([permission, key]): [string, TestKey] => [`only.${permission}`, key]),
];

const REJECTION = `${REJECTIONS.invalidSignature.status} ${REJECTIONS.invalidSignature.message}`;

const isInvalid = (response: ServerResponse | undefined): boolean =>
  response?.status === REJECTIONS.invalidSignature.status &&
  response.text.includes(REJECTIONS.invalidSignature.message);

/** A server may lack `_ping`. */
const PAST_AUTHENTICATION = new Set([200, 404]);

/** It is refused in any case; as what, may be the keys file or the server. */
const askListed = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const response = await server.ask({}, server.basis('ipListed')).catch(() => undefined);
  return isInvalid(response) ? [`the key of the role ipListed is refused as ${REJECTION}; is it right?`] : [];
};

/**
 * Asks once with each live key. Returns what the reader of a report should know of it. Throws when the server refuses the signature of
 * some keys and accepts that of others, so that it is the keys that differ; and when it says of a new signature that it was used.
 */
export const preflight = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const rejected: string[] = [];
  const accepted: string[] = [];
  for (const [role, key] of liveKeys(server.target.keys)) {
    const response = await server.ask({}, server.basisFor(key)).catch(() => undefined);
    // Whatever else goes wrong here, the cases will tell.
    if (response === undefined) return [];
    if (response.text.includes(REJECTIONS.alreadyUsed.message) && server.target.clock !== undefined)
      throw new Error(
        'the server says that a new signature was used already: an earlier run has moved its clock ahead, so that it cannot know. Start the server afresh.',
      );
    if (isInvalid(response)) rejected.push(role);
    else if (PAST_AUTHENTICATION.has(response.status)) accepted.push(role);
  }
  if (rejected.length === 0) return askListed(server);
  if (accepted.length === 0) return [`every key is refused: ${REJECTION}; are these the keys of the server?`];
  throw new Error(
    `the server does not accept the key of the role ${rejected.join(', ')}: check keyId and secret in the keys file. It answers ${REJECTION} to a correct request, and accepts that of ${accepted.join(', ')}.`,
  );
};
