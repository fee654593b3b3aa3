import { createHash, createHmac } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { inspect } from 'node:util';
import { exchange } from '@cpg/test-support/raw-client';
import { EXPRESS_VERSIONS } from '@cpg/test-support/server-middleware/express-versions';
import {
  createSignature,
  NOW,
  type RequestParts,
  recordingLogger,
  SECRET,
  serve,
  signedRequest,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { staticKeys } from '../keys/key-store.ts';
import { type CpgAuthOptions, cpgAuth } from './cpg-auth.ts';

const YEAR = 31_536_000;
const INVALID = '{"success":false,"message":"Invalid signature"}';
const OUTSIDE = '{"success":false,"message":"Request timestamp is outside the allowed window"}';
const MALFORMED = '{"success":false,"message":"Malformed authentication headers"}';

/** Adds header lines in front of the others, or behind them, as they stand. */
const withLines = (request: Buffer, lines: string, place: 'front' | 'back'): Buffer => {
  const text = request.toString('latin1');
  const at = place === 'front' ? text.indexOf('\r\n') + 2 : text.indexOf('\r\n\r\n') + 2;
  return Buffer.from(`${text.slice(0, at)}${lines}\r\n${text.slice(at)}`, 'latin1');
};

/** What other libraries got wrong, each by the number it has in the project's list of lessons. */
describe.each(EXPRESS_VERSIONS)('defects of other libraries, on %s', (_name, express) => {
  const start = async (options: Partial<CpgAuthOptions> = {}) => {
    const clock = () => NOW * 1000;
    const app = express();
    const keys = staticKeys([testKey(), testKey({ keyId: 'ck_gone', revoked: true })]);
    app.use(cpgAuth({ keys, store: memoryStore({ clock }), clock, ...options }), (_request, response) => {
      response.end('accepted');
    });
    const port = await serve(app);
    return (request: Buffer) => exchange(port, request);
  };
  const sendTo = async (parts: RequestParts) => (await start())(signedRequest(parts));

  it('D1: freshness is that of the signed timestamp, not of any other header', async () => {
    const fresh = { Date: new Date(NOW * 1000).toUTCString(), 'X-Date': String(NOW) };
    expect((await sendTo({ timestamp: NOW - 301, headers: fresh })).body).toBe(OUTSIDE);
    const stale = { Date: new Date(0).toUTCString() };
    expect((await sendTo({ headers: stale })).status).toBe(200);
  });

  it.each(['front', 'back'] as const)('D2: no second signature, good or bad, at the %s', async (place) => {
    for (const [name, value] of [
      ['X-CPG-Signature', '0'.repeat(64)],
      ['x-cpg-signature', createSignature({})],
      ['X-CPG-Timestamp', String(NOW)],
      ['X-CPG-Key', 'ck_full'],
    ]) {
      const send = await start();
      expect((await send(withLines(signedRequest(), `${name}: ${value}`, place))).body).toBe(MALFORMED);
    }
  });

  it('D3: the window is as wide as it says, on both sides', async () => {
    const statuses = [];
    for (const offset of [-301, -300, 300, 301])
      statuses.push((await sendTo({ timestamp: NOW + offset })).status);
    expect(statuses).toEqual([401, 200, 200, 401]);
  });

  it('D4: one spelling of a signature, one use', async () => {
    const send = await start();
    const good = createSignature({});
    for (const signature of [good.toUpperCase(), `${good}zz`, `HMAC ${good}`, `sha256=${good}`]) {
      expect((await send(signedRequest({ headers: { 'X-CPG-Signature': signature } }))).body).toBe(INVALID);
    }
    expect((await send(signedRequest())).status).toBe(200);
    expect((await send(signedRequest())).status).toBe(401);
  });

  it('D5: no byte can move from one field to the next', async () => {
    const send = await start();
    const moved: readonly RequestParts[] = [
      { method: 'POST', target: '/v1/x', sentTarget: '/v1/x?y' },
      { target: '/v1/x?y', sentTarget: '/v1/xy' },
      { target: '/v1/x?y', sentTarget: '/v1/x?y?' },
      { target: '/v1/x?a', body: 'b', sentTarget: '/v1/x?ab', sentBody: '' },
    ];
    for (const parts of moved) expect((await send(signedRequest(parts))).body).toBe(INVALID);
    const asGet = signedRequest({ method: 'GET' }).toString('latin1').replace('GET', 'PUT');
    expect((await send(Buffer.from(asGet, 'latin1'))).body).toBe(INVALID);
  });

  it('D6: no timestamp from the far future', async () => {
    expect((await sendTo({ timestamp: NOW + YEAR })).body).toBe(OUTSIDE);
  });

  it('D7: nothing but digits in a timestamp', async () => {
    for (const timestamp of [
      `${NOW}junk`,
      `+${NOW}`,
      `0${NOW}`,
      `${NOW}.0`,
      `${NOW}e0`,
      `${NOW},${NOW}`,
      'NaN',
    ]) {
      expect((await sendTo({ timestamp })).body).toBe(OUTSIDE);
    }
  });

  it('D8: a signature over no body is valid for no other body', async () => {
    const send = await start();
    const empty = createHmac('sha256', SECRET).update('').digest('hex');
    expect((await send(signedRequest({ headers: { 'X-CPG-Signature': empty } }))).body).toBe(INVALID);
  });

  it('D9: unknown key, revoked key and wrong secret get the same response', async () => {
    const send = await start();
    const responses = [];
    for (const parts of [{ keyId: 'ck_nobody' }, { keyId: 'ck_gone' }, { secret: 'wrong' }]) {
      const { status, headers, body } = await send(signedRequest(parts));
      responses.push({ status, headers: { ...headers, date: '' }, body });
    }
    expect(responses[1]).toEqual(responses[0]);
    expect(responses[2]).toEqual(responses[0]);
    expect(responses[0]).toMatchObject({ status: 401, body: INVALID });
  });

  it('D10: the sender chooses no algorithm', async () => {
    const send = await start();
    const bodyHash = createHash('sha256').digest('hex');
    const canonical = `${NOW}\nGET\n/v1/_ping\n\n${bodyHash}`;
    for (const algorithm of ['sha1', 'md5', 'sha512']) {
      const signature = createHmac(algorithm, SECRET).update(canonical).digest('hex');
      const headers = { 'X-CPG-Algorithm': algorithm, 'X-CPG-Signature': signature };
      expect((await send(signedRequest({ headers }))).body).toBe(INVALID);
    }
  });

  it('D11: neither secret nor valid signature in a response, a trace or a log', async () => {
    const logger = recordingLogger();
    const seen: unknown[] = [];
    const failingStore = { admit: () => Promise.reject(new Error('down')) };
    const observed = { logger, explain: true, trace: (trace: unknown) => seen.push(trace) };
    const send = await start(observed);
    const sendToFailing = await start({ ...observed, store: failingStore });
    const bad = { target: '/v1/_ping?x=1', headers: { 'X-CPG-Signature': createSignature({}) } };
    for (const request of [signedRequest(bad), signedRequest({ secret: 'wrong' }), signedRequest()]) {
      seen.push(await send(request), await sendToFailing(request));
    }
    await nextTurn();
    const text = inspect([seen, logger.lines], { depth: null, showHidden: true, maxStringLength: null });
    expect(text).toContain('store_unavailable');
    for (const secret of [SECRET, createSignature({}), createSignature({ target: '/v1/_ping?x=1' })]) {
      expect(text).not.toContain(secret);
    }
  });
});
