import { createCaseFilter } from '@cpg/conformance/src/core/case-filter.ts';
import type { CaseRecord } from '@cpg/conformance/src/core/record.ts';
import { run } from '@cpg/conformance/src/core/run.ts';
import { type ServerOptions, serverSuite } from '@cpg/conformance/src/server/cases/server-suite.ts';
import type { WithdrawalTerms } from '@cpg/conformance/src/server/test-keys.ts';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startServer } from '../reference/server.ts';
import { SERVER, type ServerParts } from '../reference/server-parts.ts';
import { DEMO_KEYS as KEYS } from '../suite.ts';

const tryCases = async (pattern: string, options: ServerOptions): Promise<readonly CaseRecord[]> => {
  const filter = createCaseFilter(pattern);
  const records = await run((plan) => plan.add(serverSuite(options, plan)), { filter });
  return records.filter((record): record is CaseRecord => record.type === 'case');
};

const start = async (parts: Partial<ServerParts> = {}) => {
  const [url = '', peerUrl = ''] = (await startServer({ ...SERVER, ...parts })).split(' ');
  return { url, peerUrl, storeUrl: `${url}/_sandbox/admission`, keys: KEYS };
};

const verdicts = (records: readonly CaseRecord[]) => [...new Set(records.map(({ verdict }) => verdict))];

describe('the server suite', () => {
  let server: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    server = await start();
  });

  it.each([
    ['server-store-*', 10],
    ['server-peer-used-*', 2],
    ['server-balances-*', 7],
    ['server-withdrawal-*', 37],
    ['server-settlement-*', 2],
    ['server-permission-only-*', 8],
  ])('passes a correct server: %s', async (pattern, count) => {
    const records = await tryCases(pattern, { ...server, clockUrl: `${server.url}/_sandbox/clock` });
    expect(records.filter(({ verdict }) => verdict !== 'pass')).toEqual([]);
    expect(records.length).toBeGreaterThanOrEqual(count);
  });

  it.runIf(process.platform === 'linux')('passes the edges of its whitelist', async () => {
    const records = await tryCases('server-ip-edge-*', { ...server, proxyAddress: '127.0.0.9' });
    expect(verdicts(records)).toEqual(['pass']);
  });

  it.each([
    ['server-store-*', 'needs: store'],
    ['server-peer-*', 'needs: peer'],
    ['server-ip-edge-*', 'needs: proxy'],
    ['server-withdrawal-*', 'needs: withdrawal'],
    ['server-permission-only-*', 'needs: only'],
  ])('names the missing need of %s', async (pattern, reason) => {
    const { only: _only, withdrawal: _terms, ...keys } = KEYS;
    const records = await tryCases(pattern, { url: server.url, keys });
    expect(verdicts(records)).toEqual(['notapplicable']);
    expect([...new Set(records.map((record) => record.reason))]).toEqual([reason]);
  });

  it.each<[name: string, limit: number, verdict: string]>([
    ['passes a window of 300 s', 300, 'pass'],
    ['fails 299 s', 299, 'fail'],
    ['fails 301 s', 301, 'fail'],
  ])('%s in real time', async (_name, limit, verdict) => {
    const { url, keys } = await start({ isInWindow: (time, now) => Math.abs(time - now) <= limit });
    expect(verdicts(await tryCases('server-real-time-window', { url, keys }))).toEqual([verdict]);
  });

  it('passes the limits in real time, when waiting moves the clock of the server', async () => {
    const { url, keys } = await start();
    const fastForward = async (ahead: number) => {
      await fetch(`${url}/_sandbox/clock`, { method: 'PUT', body: JSON.stringify({ ahead }) });
    };
    const records = await tryCases('server-real-time-rate*', { url, keys, fastForward });
    expect(records.map(({ verdict }) => verdict)).toEqual(['pass', 'pass', 'pass', 'pass', 'pass']);
  });

  it('has no verdict when a key other than slowA and slowB reaches its limit', async () => {
    const { url, keys } = await start({ makeAdmit: () => () => 'limited' });
    const [record] = await tryCases('server-replay-next-second', { url, keys });
    expect(record).toMatchObject({
      verdict: 'error',
      reason: expect.stringContaining('the key of the role full has reached its rate limit'),
    });
  });

  it.each([
    ['uses the chunks, and waits for their end', { isLenient: true }],
    ['rejects them', {}],
  ])('passes a server that, given two framings, %s', async (_name, parts) => {
    const { url, keys } = await start(parts);
    expect(verdicts(await tryCases('server-body-*', { url, keys }))).toEqual(['pass']);
  });

  it('cannot start when one key is rejected and others are not', async () => {
    const keys = { ...KEYS, full: { ...KEYS.full, secret: 'another secret than the server knows' } };
    const records = await tryCases('server-accept-*', { url: server.url, keys });
    expect(verdicts(records)).toEqual(['error']);
    expect(records[0]?.reason).toMatch(
      /^could not start: the server does not accept the key of the role full: check keyId and secret in the keys file\. /,
    );
  });

  it('judges a server that cuts a long secret, and does not blame the keys file', async () => {
    const { url, keys } = await start({ key: (secret) => secret.subarray(0, 64) });
    const records = await run((plan) => plan.add(serverSuite({ url, keys }, plan)), {
      filter: createCaseFilter('server-permission-only-{withdraw,request-withdrawal-funding-address}'),
    });
    const cases = records.filter((record): record is CaseRecord => record.type === 'case');
    expect(cases.map(({ id, verdict }) => `${id} ${verdict}`)).toEqual([
      'server-permission-only-request-withdrawal-funding-address fail',
      'server-permission-only-withdraw pass',
    ]);
    const notes = records.flatMap((record) => (record.type === 'implementation' ? record.notes : []));
    expect(notes).toContain(
      'the server accepts the key of the role only.request_withdrawal_funding_address with its secret cut after 64 bytes: it must use every byte of a secret unchanged (wire protocol §1.2)',
    );
  });

  it('judges a server that rejects every key, and asks about the keys', async () => {
    const { url, keys } = await start({ compare: () => false });
    const records = await run((plan) => plan.add(serverSuite({ url, keys }, plan)), {
      filter: { pattern: 'accept', matches: (id) => id === 'server-accept-no-query' },
    });
    expect(records).toContainEqual(expect.objectContaining({ type: 'case', verdict: 'fail' }));
    const notes = records.flatMap((record) => (record.type === 'implementation' ? record.notes : []));
    expect(notes).toContain(
      'every key is rejected: 401 Invalid signature; are these the keys of the server?',
    );
  });

  it('notes that a key which must be rejected for its address is rejected for its signature', async () => {
    const keys = { ...KEYS, ipListed: { ...KEYS.ipListed, secret: 'another secret than the server knows' } };
    const records = await run((plan) => plan.add(serverSuite({ url: server.url, keys }, plan)), {
      filter: { pattern: 'accept', matches: (id) => id === 'server-accept-no-query' },
    });
    const notes = records.flatMap((record) => (record.type === 'implementation' ? record.notes : []));
    expect(notes).toContain(
      'the key of the role ipListed is rejected with 401 Invalid signature; is it correct?',
    );
  });

  const withAmount = async (amount: string) => {
    const keys = { ...KEYS, withdrawal: { ...(KEYS.withdrawal as WithdrawalTerms), amount } };
    const options = { url: server.url, keys };
    const records = await run((plan) => plan.add(serverSuite(options, plan)), {
      filter: createCaseFilter('server-withdrawal-answer'),
    });
    const found = records.find((record): record is CaseRecord => record.type === 'case');
    const notes = records.flatMap((record) => (record.type === 'implementation' ? record.notes : []));
    return { verdict: found?.verdict, reason: found?.reason, notes };
  };

  it.each(['0.00009999', '0.0000000000000000001'])(
    'cannot start with a withdrawal amount that no server accepts: %s',
    async (amount) => {
      const { verdict, reason } = await withAmount(amount);
      expect(verdict).toBe('error');
      expect(reason).toMatch(
        new RegExp(
          `^could not start: the withdrawal amount ${amount} of the keys file is below the minimum withdrawal amount of ETH on ETH, 0\\.000100000000000000: use a larger one\\.`,
        ),
      );
    },
  );

  it('cannot start with more decimal places than the currency has', async () => {
    expect((await withAmount('0.0100000000000000001')).reason).toBe(
      'could not start: the withdrawal amount 0.0100000000000000001 of the keys file has 19 decimal places: ETH on ETH has 18.',
    );
  });

  it.each([
    ['notes', '0.000100000000000001', true],
    ['is silent about', '0.010000000000000001', false],
  ])('%s a withdrawal amount of %s', async (_verb, amount, isNoted) => {
    const { verdict, notes } = await withAmount(amount);
    expect(verdict).toBe('pass');
    expect(notes.some((note) => note.startsWith(`a double holds the withdrawal amount ${amount}`))).toBe(
      isNoted,
    );
  });

  it('asks whether a server that counts too much was restarted', async () => {
    // Both runs count in the same epoch minute.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    onTestFinished(() => void vi.useRealTimers());
    const { url, keys } = await start();
    const options = { url, keys, clockUrl: `${url}/_sandbox/clock` };
    expect(verdicts(await tryCases('server-rate-exact-limit', options))).toEqual(['pass']);
    const [again] = await tryCases('server-rate-exact-limit', options);
    expect(again?.diff).toMatchObject({
      actual: '429 Rate limit exceeded',
      hint: expect.stringMatching(/^Was the server restarted for this run, with an empty store\?/),
    });
  });

  it.each(['clockUrl', 'storeUrl'])('names the %s when its port is closed', async (option) => {
    const options = { url: server.url, keys: KEYS, [option]: 'http://127.0.0.1:2/_sandbox/switch' };
    const [record] = await tryCases('server-accept-no-query', options);
    expect(record?.reason).toMatch(
      /^could not start: the server's (?:clock|admission store) cannot be reached at http:\/\/127\.0\.0\.1:2\/_sandbox\/switch: .*ECONNREFUSED/,
    );
  });

  it('shows both messages completely, and no valid signature', async () => {
    const { url, keys } = await start({ compare: () => true, isParsed: true });
    const [upper] = await tryCases('server-signature-upper-case', { url, keys });
    const [long] = await tryCases('server-tamper-body-value', { url, keys });
    const [{ sent, received } = { sent: '', received: '' }] = upper?.diff?.exchanges ?? [];
    expect(sent).toMatch(
      /^GET \/v1\/_ping\?nonce=\w+ HTTP\/1\.1\r\n[\s\S]*\r\nX-CPG-Signature: [0-9A-F]{8}\.\.\.\[masked\]\r\n/,
    );
    expect(received).toMatch(
      /^HTTP\/1\.1 200 OK\r\ncontent-type: application\/json[\s\S]*\r\n\r\n\{"success":true/,
    );
    expect(long?.diff?.exchanges?.[0]?.sent).toMatch(/\r\n\r\n\{/);
  });

  it('says how to add a local address that this machine does not have', async () => {
    const [record] = await tryCases('server-ip-edge-exact', { ...server, proxyAddress: '203.0.113.250' });
    expect(record?.verdict).toBe('error');
    expect(record?.reason).toMatch(
      /^could not start: cannot connect from 203\.0\.113\.250: .*\(EADDRNOTAVAIL\).*ifconfig lo0 alias/,
    );
  });

  it('restores the store after any outcome of a case', async () => {
    const open = await start({ reach: (admit) => (claim) => Promise.resolve(admit(claim)) });
    const records = await tryCases('server-store-down-503', open);
    expect(verdicts(records)).toEqual(['fail']);
    const state = await fetch(open.storeUrl);
    expect(await state.json()).toMatchObject({ state: 'up' });
  });

  it('reports the expected and actual change of the balance exactly', async () => {
    const records = await tryCases('server-withdrawal-takes-*', await start({ hold: (amount) => amount }));
    expect(records[0]?.diff).toMatchObject({
      what: 'taken from available ETH on ETH',
      expected: '0.010060000000000002',
      actual: '0.010000000000000001',
    });
  });
});
