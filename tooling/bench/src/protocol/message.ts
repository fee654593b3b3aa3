/** A request in the shapes that the contenders ask for. */
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
