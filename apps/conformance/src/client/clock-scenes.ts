import { REJECTIONS } from '../core/rejections.ts';
import type { Reply, Responder } from './capture-server.ts';
import { expectSigned, parseCaptured } from './captured-request.ts';
import type { ClientUnderTest, Scene } from './client-under-test.ts';
import { expectData } from './expect-result.ts';
import { rejection, success } from './replies.ts';

export const httpDate = (seconds: number): string => new Date(seconds * 1000).toUTCString();

/** Second 40 of the current minute, so that the next minute is nearer than any other time in the scenes. */
export const startOfScene = (): number => Math.floor(Date.now() / 60_000) * 60 + 40;

/** A server whose clock equals the client's: `Date` is the timestamp of the request. */
const agreeing =
  (reply: (index: number, timestamp: number) => Reply): Responder =>
  (message, index) => {
    const timestamp = Number(parseCaptured(message).timestamp);
    const response = reply(index, timestamp);
    return 'status' in response
      ? { ...response, headers: { Date: httpDate(timestamp), ...response.headers } }
      : response;
  };

/** Expects correct and distinct signatures. The scene checks the timestamps. */
export const expectEachSigned = ({ check }: ClientUnderTest, scene: Scene): void => {
  const requests = scene.captured();
  check.that(requests.length > 0, { what: 'requests', expected: 'at least one', actual: 'none' });
  for (const request of requests)
    expectSigned(check, request, { ...scene.credentials, now: Number(request.timestamp) });
  const signatures = new Set(requests.map(({ signature }) => signature));
  check.equal('distinct signatures', { expected: requests.length, actual: signatures.size });
};

export const ask = async (
  client: ClientUnderTest,
  { respond, now }: { respond: Responder; now: number },
  look: (scene: Scene, result: Awaited<ReturnType<Scene['call']>>) => void,
): Promise<void> =>
  client.play({ label: `clock-${now}`, respond }, async (scene) => {
    const result = await scene.call({ operation: 'balances.list', now });
    expectEachSigned(client, scene);
    look(scene, result);
  });

/** Makes two calls that differ, and expects timestamps of the client's own clock in all their requests. */
export const expectClockUnchanged = async (
  client: ClientUnderTest,
  scene: Scene,
  now: number,
): Promise<void> => {
  for (const currency of ['USDT', 'ETH'])
    await scene.call({ operation: 'balances.list', args: { currency }, now });
  expectEachSigned(client, scene);
  for (const { timestamp } of scene.captured())
    client.check.that(Math.abs(Number(timestamp) - now) <= 60, {
      what: 'X-CPG-Timestamp',
      expected: `about ${now}`,
      actual: timestamp,
    });
};

/** A 429 whose header names are in lower case, as some proxies write them. */
const limitedInLowerCase = (message: string, headers: Readonly<Record<string, string>>): Reply => {
  const body = JSON.stringify({ success: false, message });
  const all = {
    ...headers,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    Connection: 'close',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  return { raw: ['HTTP/1.1 429 Too Many Requests', ...lines, '', body].join('\r\n') };
};

/** Expects a successful second attempt at the due time, at most `maxLate` seconds later. */
export const secondAttempt =
  (
    headers: (now: number) => Readonly<Record<string, string>>,
    due: (now: number) => number,
    {
      message,
      maxLate = MAX_LATE_SECONDS,
      isLowerCase = false,
    }: { readonly message: string; readonly maxLate?: number; readonly isLowerCase?: boolean },
  ) =>
  async (client: ClientUnderTest): Promise<void> => {
    const now = startOfScene();
    const limited = isLowerCase
      ? limitedInLowerCase(message, { Date: httpDate(now), ...headers(now) })
      : rejection({ status: 429, message }, headers(now));
    const respond = agreeing((index) => (index === 0 ? limited : success('balances.list')));
    await ask(client, { respond, now }, (scene, result) => {
      const [, second] = scene.captured();
      client.check.equal('requests', { expected: 2, actual: scene.captured().length });
      const late = Number(second?.timestamp) - due(now);
      client.check.that(late >= 0 && late <= maxLate, {
        what: 'timestamp of the second attempt',
        expected: `${due(now)}, at most ${maxLate} s later`,
        actual: second?.timestamp ?? '(none)',
      });
      expectData(client, result, 'balances.list');
    });
  };

/** How late the second attempt may come, since clients add jitter. */
const MAX_LATE_SECONDS = 30;

export const PER_IP = 'Too many requests from this IP';
const MAX_WAIT_SECONDS = 600;
const MAX_ATTEMPTS = 8;

/** Repeated 429: the client gives up eventually, with a typed error, and never waits long. */
export const givesUp =
  (headers: Readonly<Record<string, string>>, message: string) => (client: ClientUnderTest) => {
    const now = startOfScene();
    const respond = agreeing(() => rejection({ status: 429, message }, headers));
    return ask(client, { respond, now }, (scene, result) => {
      client.check.that(!result.ok && result.error.status === 429 && result.error.message.includes(message), {
        what: 'result of the call',
        expected: `429 ${message}`,
        actual: JSON.stringify(result),
      });
      client.check.that(scene.captured().length <= MAX_ATTEMPTS, {
        what: 'attempts',
        expected: `at most ${MAX_ATTEMPTS}`,
        actual: String(scene.captured().length),
      });
      const waited = result.elapsed ?? 0;
      client.check.that(waited <= MAX_WAIT_SECONDS, {
        what: 'seconds waited',
        expected: `at most ${MAX_WAIT_SECONDS}`,
        actual: String(waited),
      });
      client.check.that(waited > 0 || scene.captured().length === 1, {
        what: 'seconds waited',
        expected: 'some, between one attempt and the next',
        actual: `0, and ${scene.captured().length} attempts`,
      });
    });
  };

/** A server with this clock, which accepts timestamps inside the window. */
export const windowAt =
  (time: number): Responder =>
  (message) => {
    const isInside = Math.abs(Number(parseCaptured(message).timestamp) - time) <= 300;
    const reply = isInside ? success('balances.list') : rejection(REJECTIONS.outsideWindow);
    return { ...reply, headers: { Date: httpDate(time) } };
  };

/** A server whose clock is this many seconds ahead of the client's. */
export const skewed = (offset: number) => (client: ClientUnderTest) => {
  const now = startOfScene();
  return ask(client, { respond: windowAt(now + offset), now }, (scene, result) => {
    client.check.equal('requests', { expected: 2, actual: scene.captured().length });
    expectData(client, result, 'balances.list');
  });
};
