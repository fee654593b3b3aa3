/** One signature, or one verification. */
export type Operation = () => unknown;

/** A request in the forms that the contenders need. */
export interface Message {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: string;
  readonly target: string;
  readonly body: Buffer;
  /** The body decoded once, for the libraries that sign texts. */
  readonly text: string;
  /** The body parsed once, for the library that serialises it again. */
  readonly parsed: Record<string, unknown>;
}

export const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
export const HOST = 'gateway.example';

const message = (method: 'GET' | 'POST', target: string, body: string): Message => {
  const [path = '', query = ''] = target.split('?');
  const parsed = body === '' ? {} : (JSON.parse(body) as Record<string, unknown>);
  const name = `${method}, ${body.length} bytes`;
  return { name, method, path, query, target, body: Buffer.from(body), text: body, parsed };
};

const WITHDRAWAL = {
  currency: 'USDT',
  network: 'ETH',
  to_address: '0x000000000000000000000000000000000000bEEF',
  amount: '100.000000',
  client_reference: '',
};

const withdrawalOfLength = (length: number): string => {
  const missing = length - JSON.stringify(WITHDRAWAL).length;
  return JSON.stringify({ ...WITHDRAWAL, client_reference: 'r'.repeat(missing) });
};

/** A read without a body, and a withdrawal of 844 bytes. */
export const MESSAGES = [
  message('GET', '/v1/balances?currency=USDT&network=ETH', ''),
  message('POST', '/v1/withdrawals', withdrawalOfLength(844)),
] as const;

export interface Measured {
  /** CPU microseconds an operation, the median of all rounds. */
  readonly microseconds: number;
  /** Of the first operation's time in the same round, the median of all rounds. */
  readonly ratio: number;
}

const SLICE_MICROSECONDS = 20_000;

/** CPU time of the whole process with its collector threads, in microseconds; other processes do not count. */
const time = async (operation: Operation, times: number): Promise<number> => {
  const start = process.cpuUsage();
  if (operation() instanceof Promise) for (let i = 1; i < times; i++) await operation();
  else for (let i = 1; i < times; i++) operation();
  const { user, system } = process.cpuUsage(start);
  return user + system;
};

/** How many operations fill a slice, once the compiler has seen them. */
const calibrate = async (operation: Operation): Promise<number> => {
  await time(operation, 2000);
  const probe = await time(operation, 2000);
  return Math.max(100, Math.round((2000 * SLICE_MICROSECONDS) / probe));
};

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The median of measurements, and how far they are apart; none is left out. */
export const formatSpread = (
  values: readonly number[],
  format: (value: number) => string = (value) => `${value.toFixed(2)} ×`,
): string => {
  const sorted = [...values].sort((a, b) => a - b);
  const quantile = (part: number) => format(sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN);
  return `median ${format(median(values))}, quartiles ${quantile(0.25)} to ${quantile(0.75)}, range ${quantile(0)} to ${quantile(1)}`;
};

/**
 * Times operations in interleaved rounds, which spreads other load of the machine over all of them, and compares each with the
 * first. A slice is long enough to include the collection of an operation's own garbage.
 */
export const measure = async (operations: readonly Operation[], rounds: number): Promise<Measured[]> => {
  const counts: number[] = [];
  for (const operation of operations) counts.push(await calibrate(operation));
  const samples: number[][] = operations.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, operation] of operations.entries()) {
      const times = counts[index] ?? 1;
      samples[index]?.push((await time(operation, times)) / times);
    }
  }
  const [base = []] = samples;
  return samples.map((own) => ({
    microseconds: median(own),
    ratio: median(own.map((value, round) => value / (base[round] ?? Number.NaN))),
  }));
};
