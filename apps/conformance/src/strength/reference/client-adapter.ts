import { createInterface } from 'node:readline';
import {
  type CallResult,
  type ClientParts,
  type Incoming,
  type Outgoing,
  sendRequest,
} from './client-parts.ts';
import { signBy } from './signing-parts.ts';

type Command = Readonly<Record<string, never>> & { readonly cmd: string; readonly id: string };

const MOST_ATTEMPTS = 3;

const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');

const requestFor = (parts: ClientParts, operation: string, args: Readonly<Record<string, string>>) => {
  if (operation === 'withdrawals.create')
    return { method: 'POST', target: '/v1/withdrawals', body: parts.encodeBody(args) };
  const query = operation === 'balances.list' ? parts.encodeQuery(args) : '';
  const path =
    { ping: '/v1/_ping', 'balances.list': '/v1/balances' }[operation] ??
    `/v1/withdrawals/${args.withdrawal_id}`;
  return { method: 'GET', target: query === '' ? path : `${path}?${query}`, body: Buffer.alloc(0) };
};

const makeCall = (parts: ClientParts) => {
  const used = new Set<string>();
  return async (command: Readonly<Record<string, string>>): Promise<CallResult> => {
    const { baseUrl = '', keyId = '', secretB64 = '', operation = '' } = command;
    const secret = bytes(secretB64);
    const unsigned = requestFor(parts, operation, command.args as never);
    const signAt = (timestamp: number) =>
      signBy(parts, secret, { ...unsigned, timestamp: String(timestamp) });
    let base = new URL(baseUrl);
    let answer: Incoming | undefined;
    let request: Outgoing = { ...unsigned, headers: {} };
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const timestamp = parts.stamp(Math.floor(Date.now() / 1000), (each) => used.has(signAt(each)));
      const signature = signAt(timestamp);
      used.add(signature);
      parts.log(secret.toString(), signature);
      const headers = {
        'X-CPG-Key': keyId,
        'X-CPG-Timestamp': String(timestamp),
        'X-CPG-Signature': signature,
      };
      request = parts.beforeSend({ ...unsigned, headers }, secret.toString());
      answer = await sendRequest(base, request);
      if (parts.followsRedirects && answer?.location !== undefined) {
        base = new URL(answer.location);
        answer = await sendRequest(base, request);
      }
      if (!parts.sendsAgain(answer, request)) break;
    }
    return parts.read(answer, request);
  };
};

const signCommand = (parts: ClientParts, command: Readonly<Record<string, string>>) => {
  const { now, method = '', target = '', bodyB64 = '', keyId, secretB64 = '' } = command;
  const timestamp = String(now);
  const signature = signBy(parts, bytes(secretB64), { timestamp, method, target, body: bytes(bodyB64) });
  return {
    headers: [
      ['X-CPG-Key', keyId],
      ['X-CPG-Timestamp', timestamp],
      ['X-CPG-Signature', signature],
    ],
  };
};

/** Speaks the adapter protocol for a client made of these parts. */
export const serveAdapter = (parts: ClientParts, name: string): void => {
  const call = makeCall(parts);
  const answer = (command: Command): object | Promise<object> => {
    switch (command.cmd) {
      case 'hello':
        return { name, language: 'javascript', roles: ['sign', 'call'], caps: [] };
      case 'sign':
        return signCommand(parts, command);
      case 'call':
        return call(command);
      default:
        return {};
    }
  };
  createInterface({ input: process.stdin }).on('line', async (line) => {
    const command = JSON.parse(line) as Command;
    const text = JSON.stringify({ id: command.id, ...(await answer(command)) });
    process.stdout.write(`${text}\n`, () => command.cmd === 'stop' && process.exit(0));
  });
};
