import { type DnsServer, startDnsServer } from '@cpg/test-support/dns-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createResolver } from './resolver.ts';

const start = async (answer: Parameters<typeof startDnsServer>[0]): Promise<DnsServer> => {
  const server = await startDnsServer(answer);
  onTestFinished(() => server.close());
  return server;
};
const SILENT = () => undefined;
const isReady = <T>(work: Promise<T>) => work.then(String, ({ message }: Error) => message);

describe('createResolver', () => {
  it('asks the DNS servers, and does not wait for a record type that gets no answer', async () => {
    const server = await start((_name, type) => (type === 'A' ? ['8.8.8.8', '8.8.4.4'] : undefined));
    const resolve = createResolver({ servers: [server.address] });
    expect(await resolve('hooks.example.com')).toEqual([
      { address: '8.8.8.8', family: 4 },
      { address: '8.8.4.4', family: 4 },
    ]);
    expect(server.asked.toSorted()).toEqual(['A hooks.example.com', 'AAAA hooks.example.com']);
  });

  it('fails at its deadline when no server answers', async () => {
    const server = await start(SILENT);
    const resolve = createResolver({ servers: [server.address], deadlineMs: 300 });
    const looked = Array.from({ length: 100 }, () => isReady(resolve('hooks.example.com')));
    const expected = 'DNS did not answer for hooks.example.com within 0.3 s';
    expect(new Set(await Promise.all(looked))).toEqual(new Set([expected]));
    // Concurrent look-ups of one host are one.
    expect(server.asked).toHaveLength(2);
  });

  it('reports a name that does not exist', async () => {
    const server = await start(() => []);
    const resolve = createResolver({ servers: [server.address] });
    expect(await isReady(resolve('nowhere.example.com'))).toMatch(/ENOTFOUND nowhere\.example\.com$/);
  });

  it('finds names of the system beside a silent DNS server', async () => {
    const server = await start(SILENT);
    const resolve = createResolver({ servers: [server.address] });
    const waiting = resolve('hooks.example.com').catch(() => undefined);
    const addresses = (await resolve('localhost', 'system')).map(({ address }) => address);
    expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining(addresses));
    expect(server.asked.filter((each) => each.endsWith('localhost'))).toEqual([]);
    await waiting;
  });
});
