import { exchange } from '../wire/exchange.ts';
import type { Address } from '../wire/open-socket.ts';
import { headerOf, toServerAnswer } from './server-answer.ts';

/** Where a server listens, of its URL. */
export const addressOf = (url: string): Address => {
  const { hostname, port, protocol } = new URL(url);
  if (protocol !== 'http:') throw new Error(`the server's URL must begin with http://: got ${protocol}//`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
};

/** Asks once; returns what the server's clock is ahead of ours, in seconds. Throws when nobody answers. */
export const readClockOffset = async (address: Address): Promise<number> => {
  const request = `GET /v1/_ping HTTP/1.1\r\nHost: ${address.host}\r\nConnection: close\r\n\r\n`;
  const raw = await exchange(address, Buffer.from(request));
  if (raw === undefined) throw new Error('the server closed the connection without an answer');
  const date = Date.parse(headerOf(toServerAnswer(raw), 'date') ?? '');
  // `Date` says whole seconds, rounded down: half a second off on average.
  return Number.isNaN(date) ? 0 : Math.round((date + 500 - Date.now()) / 1000);
};
