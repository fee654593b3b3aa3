import { getEventListeners } from 'node:events';
import { CpgClient, signAxios, signFetch } from '@cpg/client';
import axios from 'axios';
import { ok, RawServer } from '../raw-server.ts';

/**
 * 200 calls at once on one client and one signal, then as many with a signed axios and fetch; prints as JSON
 * how many abort listeners one signal had at most during them, and how many are left. A process of its own,
 * so that warnings can be read.
 */

const CALLS = 200;
const signals = new Set<EventTarget>();
const add = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (this: EventTarget, ...given: Parameters<typeof add>) {
  if (given[0] === 'abort') signals.add(this);
  add.apply(this, given);
};
const count = (): number => Math.max(...[...signals].map((each) => getEventListeners(each, 'abort').length));

// Responds when all requests have arrived.
const waiting: (() => void)[] = [];
let atPeak = 0;
const server = await RawServer.start((socket) => {
  waiting.push(() => ok(socket, { pong: true }));
  if (waiting.length < CALLS) return;
  atPeak = count();
  for (const respond of waiting.splice(0)) respond();
});

const credentials = { keyId: 'ck_test', secret: 'cpg-test-DO-NOT-USE-IN-PRODUCTION', baseUrl: server.url };
const { signal } = new AbortController();
const client = new CpgClient({ ...credentials, deadlineMs: Number.POSITIVE_INFINITY, timeoutMs: 600_000 });
const http = signAxios(axios.create({ baseURL: server.url, proxy: false }), credentials);
const signedFetch = signFetch(fetch, credentials);

const kinds: Readonly<Record<string, (index: number) => PromiseLike<unknown>>> = {
  client: (index) => client.balances.list({ currency: `C${index}` }, { signal }).catch(() => undefined),
  signAxios: (index) => http.get(`/v1/${index}`, { signal }),
  'signAxios, streams': async (index) => {
    const { data } = await http.get(`/v1/${index}`, { signal, responseType: 'stream' });
    for await (const _ of data);
  },
  signFetch: async (index) => (await signedFetch(`/v1/${index}`)).text(),
};
const results: Record<string, object> = {};
for (const [kind, run] of Object.entries(kinds)) {
  atPeak = 0;
  await Promise.all(Array.from({ length: CALLS }, (_, index) => run(index)));
  await new Promise(setImmediate);
  results[kind] = { atPeak, left: getEventListeners(signal, 'abort').length };
}
process.stdout.write(JSON.stringify(results));
client.close();
await server.stop();
