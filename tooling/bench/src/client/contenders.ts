import { createHash, createHmac } from 'node:crypto';
import { axiosTransport, CpgClient, fetchTransport } from '@cpg/client';
import axios from 'axios';
import OpenAI from 'openai';
import Stripe from 'stripe';
import { Agent, request } from 'undici';

/** Makes one call; `index` makes requests differ. */
export type Call = (index: number) => PromiseLike<unknown>;

const SECRET = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** What an integrator writes by hand, without retries, timeouts or validation. */
const signByHand = (path: string, query: string): Record<string, string> => {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const canonical = [timestamp, 'GET', path, query, EMPTY_SHA256].join('\n');
  const signature = createHmac('sha256', SECRET).update(canonical).digest('hex');
  return { 'X-CPG-Key': 'ck_demo', 'X-CPG-Timestamp': timestamp, 'X-CPG-Signature': signature };
};

const PATH = '/v1/balances';

/** Clients that read a small JSON document from the server, by name. */
export const createContenders = (port: number): Readonly<Record<string, Call>> => {
  const origin = `http://127.0.0.1:${port}`;
  const dispatcher = new Agent();
  const http = axios.create({ proxy: false });
  const stripe = new Stripe('sk_test_1', { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 });
  const openai = new OpenAI({ apiKey: 'sk-1', baseURL: `${origin}/v1`, maxRetries: 0 });
  const withTransport = (
    transport: NonNullable<ConstructorParameters<typeof CpgClient>[0]['transport']>,
  ): Call => {
    const client = new CpgClient({ baseUrl: origin, keyId: 'ck_demo', secret: SECRET, transport });
    return (index) => client.balances.list({ currency: `C${index}` });
  };
  return {
    'undici.request by hand': async (index) => {
      const query = `currency=C${index}`;
      const headers = signByHand(PATH, query);
      const { body } = await request(`${origin}${PATH}?${query}`, { headers, dispatcher });
      return body.json();
    },
    'fetch by hand': async (index) => {
      const query = `currency=C${index}`;
      const response = await fetch(`${origin}${PATH}?${query}`, { headers: signByHand(PATH, query) });
      return response.json();
    },
    'axios by hand': (index) => {
      const query = `currency=C${index}`;
      return http.get(`${origin}${PATH}?${query}`, { headers: signByHand(PATH, query) });
    },
    stripe: () => stripe.balance.retrieve(),
    openai: () => openai.models.list(),
    'cpg, fetchTransport({ dispatcher })': withTransport(fetchTransport({ dispatcher: new Agent() })),
    'cpg, fetchTransport()': withTransport(fetchTransport()),
    'cpg, axiosTransport()': withTransport(axiosTransport()),
  };
};
