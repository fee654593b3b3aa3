import type { ClientParts } from './client-parts.ts';
import { type ClientClock, clockFrom, isOutsideWindow, pauseAfter } from './client-retries.ts';
import { type CallResult, failure, type Incoming, type Outgoing, sendRequest } from './client-transport.ts';
import { signBy } from './signing-parts.ts';

export interface CallCommand {
  readonly baseUrl: string;
  readonly keyId: string;
  readonly secretB64: string;
  readonly operation: string;
  readonly args: Readonly<Record<string, string>>;
  /** Unix seconds at which a fake clock starts. Sleeping moves it. */
  readonly now?: number;
  readonly timeoutMs?: number;
}

/** The state that one client keeps between calls. */
interface Memory {
  readonly used: Set<string>;
  offset: number;
}

const requestFor = (parts: ClientParts, { operation, args }: CallCommand) => {
  if (operation === 'withdrawals.create')
    return { method: 'POST', target: '/v1/withdrawals', body: parts.encodeBody(args) };
  const query = operation.endsWith('s.list') ? parts.encodeQuery(args) : '';
  const path =
    { ping: '/v1/_ping', 'balances.list': '/v1/balances', 'transactions.list': '/v1/transactions' }[
      operation
    ] ?? `/v1/withdrawals/${parts.encodeSegment(args.withdrawal_id)}`;
  return { method: 'GET', target: query === '' ? path : `${path}?${query}`, body: Buffer.alloc(0) };
};

const DEFAULT_TIMEOUT_MS = 8_000;

const deliver = async (
  parts: ClientParts,
  { baseUrl, timeoutMs }: CallCommand,
  request: Outgoing,
): Promise<Incoming | undefined> => {
  const limit = parts.timeout(timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const receive = (response: Parameters<ClientParts['receive']>[0]) =>
    parts.receive(response, parts.maxBytes);
  const response = await sendRequest(new URL(baseUrl), request, { receive, timeoutMs: limit });
  const location = response?.headers.location;
  if (!parts.followsRedirects || location === undefined) return response;
  return sendRequest(new URL(location), request, { receive, timeoutMs: limit });
};

const signNext = async (
  parts: ClientParts,
  { keyId, secretB64 }: CallCommand,
  { unsigned, clock, memory }: { unsigned: Omit<Outgoing, 'headers'>; clock: ClientClock; memory: Memory },
): Promise<Outgoing> => {
  const secret = Buffer.from(secretB64, 'base64');
  const signAt = (second: number) => signBy(parts, secret, { ...unsigned, timestamp: String(second) });
  const isUsed = (second: number) => memory.used.has(signAt(second));
  const choose = () => parts.stamp(clock.now() + memory.offset, isUsed, unsigned.method);
  while (choose() - clock.now() - memory.offset > parts.maxAhead) await clock.sleep(1);
  const timestamp = choose();
  const signature = signAt(timestamp);
  memory.used.add(signature);
  parts.log(secret.toString(), signature);
  const headers = {
    'X-CPG-Key': keyId,
    'X-CPG-Timestamp': String(timestamp),
    'X-CPG-Signature': signature,
  };
  return parts.beforeSend({ ...unsigned, headers }, secret.toString());
};

/** Makes calls with a client of these parts: one client, with its state, for each address and key. */
export const caller = (parts: ClientParts) => {
  const memories = new Map<string, Memory>();
  const getMemory = ({ baseUrl, keyId }: CallCommand): Memory => {
    const memory = memories.get(`${baseUrl} ${keyId}`) ?? { used: new Set(), offset: 0 };
    memories.set(`${baseUrl} ${keyId}`, memory);
    return memory;
  };
  return async (command: CallCommand): Promise<CallResult> => {
    const { operation, args, now } = command;
    if (operation === 'withdrawals.get' && !parts.isId(args.withdrawal_id))
      return failure('invalid_argument', 'withdrawal_id must be a positive integer.');
    const clock = clockFrom(now);
    const memory = getMemory(command);
    const unsigned = requestFor(parts, command);
    let timestampRejections = 0;
    for (let attempt = 1; ; attempt++) {
      const request = await signNext(parts, command, { unsigned, clock, memory });
      const response = await deliver(parts, command, request);
      if (response !== undefined && isOutsideWindow(response)) timestampRejections++;
      if (response !== undefined && parts.learnsFrom(response))
        memory.offset = parts.offsetBy(Date.parse(response.headers.date ?? '') / 1000, clock.now());
      const attempted = { response, request, attempt, timestampRejections, now: clock.now() + memory.offset };
      if (attempt >= parts.maxAttempts || !parts.shouldRetry(attempted)) {
        const elapsed = now === undefined ? {} : { elapsed: clock.elapsed() };
        return { ...parts.read(parts, response, request), ...elapsed };
      }
      await clock.sleep(pauseAfter(parts, attempted));
    }
  };
};
