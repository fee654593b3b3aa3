import { REJECTIONS } from '../core/rejections.ts';
import { type Address, exchange, openSocket } from '../wire/connection.ts';
import { DECIMAL, ExactDecimal, readCurrencies } from './balances.ts';
import { getHeader, parseServerResponse, type ServerResponse } from './server-response.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { TestKey, TestKeys } from './test-keys.ts';

/** Formats the clock offset of a server for a report; `offset`: seconds ahead of this machine. */
export const clockNote = (offset: number): string => {
  if (offset === 0) return 'clock agrees';
  return offset < 0 ? `clock ${-offset} s behind` : `clock ${offset} s ahead`;
};

/** Parses the URL of a server. */
export const parseAddress = (url: string): Address => {
  const { hostname, port, protocol } = new URL(url);
  if (protocol !== 'http:') throw new Error(`the server's URL must begin with http://: got ${protocol}//`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) };
};

const CLOCK_ATTEMPTS = 5;

/** The time of a response that is short enough to read a clock. */
const PROMPT_MS = 400;

/**
 * Measures how many seconds the server's clock is ahead of this machine, by the quickest of a few requests.
 * Throws without a response.
 */
export const readClockOffset = async (address: Address): Promise<number> => {
  const request = `GET /v1/_ping HTTP/1.1\r\nHost: ${address.host}\r\nConnection: close\r\n\r\n`;
  let offset = 0;
  let shortest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < CLOCK_ATTEMPTS && shortest > PROMPT_MS; attempt++) {
    const startedAt = performance.now();
    const raw = await exchange(address, Buffer.from(request));
    if (raw === undefined) throw new Error('the server closed the connection without a response');
    const date = Date.parse(getHeader(parseServerResponse(raw), 'date') ?? '');
    const elapsed = performance.now() - startedAt;
    if (Number.isNaN(date) || elapsed >= shortest) continue;
    shortest = elapsed;
    // `Date` has whole seconds, rounded down: half a second off on average. It was read on the way.
    offset = Math.round((date + 500 - (Date.now() - elapsed / 2)) / 1000);
  }
  return offset;
};

/** Connects once from a local address. Throws an error that says how to add that address to this machine. */
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

/** Keys that may at least `_ping` from this address, with unused rate limit. */
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

/**
 * Checks the key of the role `ipListed`, which is rejected in any case: 401 may mean an error in the keys
 * file.
 */
const askListed = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const response = await server.ask({}, server.basis('ipListed')).catch(() => undefined);
  return isInvalid(response)
    ? [`the key of the role ipListed is rejected with ${REJECTION}; is it correct?`]
    : [];
};

/**
 * Checks the withdrawal of the keys file against the server's currencies. Returns notes for the report. Throws
 * when the amount is below the minimum, or has more places than the currency.
 */
export const checkWithdrawalTerms = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const { withdrawal } = server.target.keys;
  if (withdrawal === undefined) return [];
  const { currency, network, amount } = withdrawal;
  // The cases report what is wrong with the list.
  const rows = await readCurrencies(server).catch(() => []);
  const row = rows.find((each) => each.currency === currency && each.network === network);
  const minimum = String(row?.min_withdrawal_amount);
  if (DECIMAL.test(minimum) && new ExactDecimal(amount).lt(minimum))
    throw new Error(
      `the withdrawal amount ${amount} of the keys file is below the minimum withdrawal amount of ${currency} on ${network}, ${minimum}: use a larger one.`,
    );
  const places = new ExactDecimal(amount).decimalPlaces();
  if (row !== undefined && places > row.decimals)
    throw new Error(
      `the withdrawal amount ${amount} of the keys file has ${places} decimal places: ${currency} on ${network} has ${row.decimals}.`,
    );
  const isDouble = new ExactDecimal(Number(amount)).eq(amount);
  return isDouble
    ? [
        `a double holds the withdrawal amount ${amount}, so that floating-point sums may stay unnoticed; use more digits, such as 1.000000000000000001 in a currency of 18 decimals`,
      ]
    : [];
};

type Alteration = readonly [what: string, alter: (secret: Buffer) => Buffer];

/** Mistakes in reading a secret, which make a correct server of a broken one for most keys. */
const SECRET_ALTERATIONS: readonly Alteration[] = [
  ['cut after 64 bytes', (secret) => secret.subarray(0, 64)],
  ['cut after 63 bytes', (secret) => secret.subarray(0, 63)],
  ['cut after 72 bytes', (secret) => secret.subarray(0, 72)],
  ['cut after 32 bytes', (secret) => secret.subarray(0, 32)],
  ['trimmed', (secret) => Buffer.from(secret.toString('utf8').trim())],
  ['read as Latin-1', (secret) => Buffer.from(secret.toString('utf8'), 'latin1')],
  ['decoded from hex', (secret) => Buffer.from(secret.toString('utf8'), 'hex')],
  ['decoded from base64', (secret) => Buffer.from(secret.toString('utf8'), 'base64')],
];

/** The mistake with which the server reads the secret of a key that it rejects; `undefined` for none. */
const findSecretMistake = async (server: ServerUnderTest, key: TestKey): Promise<string | undefined> => {
  const secret = Buffer.from(key.secret);
  for (const [what, alter] of SECRET_ALTERATIONS) {
    const altered = alter(secret);
    if (altered.length === 0 || altered.equals(secret)) continue;
    const response = await server
      .ask({ secret: altered }, server.basisFor(key))
      .catch((): undefined => undefined);
    if (PAST_AUTHENTICATION.has(response?.status ?? 0)) return what;
  }
  return undefined;
};

/**
 * Sends one request with each live key. Returns notes for the report. Throws when the server rejects the
 * signatures of some keys and accepts those of others, which points to the keys file, and when it rejects a
 * new signature as already used. A server that reads the secret of a rejected key with a known mistake is
 * judged: the keys file is right.
 */
export const preflight = async (server: ServerUnderTest): Promise<readonly string[]> => {
  const rejected: string[] = [];
  const accepted: string[] = [];
  for (const [role, key] of liveKeys(server.target.keys)) {
    const response = await server.ask({}, server.basisFor(key)).catch(() => undefined);
    // The cases report every other problem.
    if (response === undefined) return [];
    if (response.text.includes(REJECTIONS.alreadyUsed.message) && server.target.clock !== undefined)
      throw new Error(
        'the server rejects a new signature as already used: an earlier run has moved its clock ahead. Restart the server.',
      );
    if (isInvalid(response)) rejected.push(role);
    else if (PAST_AUTHENTICATION.has(response.status)) accepted.push(role);
  }
  if (rejected.length === 0) return askListed(server);
  const mistaken: string[] = [];
  for (const [role, key] of liveKeys(server.target.keys).filter(([name]) => rejected.includes(name))) {
    const mistake = await findSecretMistake(server, key);
    if (mistake !== undefined)
      mistaken.push(
        `the server accepts the key of the role ${role} with its secret ${mistake}: it must use every byte of a secret unchanged (wire protocol §1.2)`,
      );
  }
  if (mistaken.length > 0) return mistaken;
  if (accepted.length === 0)
    return [`every key is rejected: ${REJECTION}; are these the keys of the server?`];
  throw new Error(
    `the server does not accept the key of the role ${rejected.join(', ')}: check keyId and secret in the keys file. It responds with ${REJECTION} to a correct request, and accepts those of ${accepted.join(', ')}.`,
  );
};
