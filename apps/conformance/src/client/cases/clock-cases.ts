import { REJECTIONS } from '../../core/rejections.ts';
import type { Responder } from '../capture-server.ts';
import { type ClientUnderTest, clientCases } from '../client-under-test.ts';
import {
  ask,
  expectClockUnchanged,
  expectEachSigned,
  givesUp,
  httpDate,
  PER_IP,
  secondAttempt,
  skewed,
  startOfScene,
  windowAt,
} from '../clock-scenes.ts';
import { expectData } from '../expect-result.ts';
import { rejection, success, timelessRejection } from '../replies.ts';

/** Cases with a movable clock: pacing, and correcting the clock offset. */
export const CLOCK_CASES = clientCases(
  { group: 'clock', spec: '§6.4, §6.5', needs: ['clock'], timeoutMs: 40_000 },
  [
    {
      id: 'clock-429-per-key',
      description:
        '429 without Retry-After: the next attempt is in the next epoch minute, at any moment of it',
      run: secondAttempt(
        () => ({}),
        (now) => now - (now % 60) + 60,
        { message: REJECTIONS.rateLimit.message, maxLate: 59 },
      ),
    },
    {
      id: 'clock-429-per-ip-seconds',
      description: '429 with Retry-After in seconds: the next attempt is not before that',
      run: secondAttempt(
        () => ({ 'Retry-After': '25' }),
        (now) => now + 25,
        { message: PER_IP },
      ),
    },
    {
      id: 'clock-429-lower-case',
      description: '429 with header names in lower case: Retry-After counts as in any other case',
      run: secondAttempt(
        () => ({ 'Retry-After': '26' }),
        (now) => now + 26,
        { message: PER_IP, isLowerCase: true },
      ),
    },
    {
      id: 'clock-429-per-ip-date',
      description: '429 with Retry-After as a date: the next attempt is not before that',
      run: secondAttempt(
        (now) => ({ 'Retry-After': httpDate(now + 27) }),
        (now) => now + 27,
        { message: PER_IP },
      ),
    },
    {
      id: 'clock-429-for-ever',
      description: 'repeated 429: it gives up',
      run: givesUp({}, REJECTIONS.rateLimit.message),
    },
    ...Object.entries({ huge: '999999999', negative: '-5', garbage: 'soon', empty: '' }).map(
      ([id, value]) => ({
        id: `clock-retry-after-${id}`,
        description: `Retry-After: ${JSON.stringify(value)} neither delays it for long nor makes it retry at once`,
        run: givesUp({ 'Retry-After': value }, PER_IP),
      }),
    ),
    {
      id: 'clock-server-ahead',
      description: 'a server 400 s ahead: corrected by its Date, one more attempt, accepted',
      run: skewed(400),
    },
    {
      id: 'clock-server-behind',
      description: 'a server 400 s behind: corrected by its Date, one more attempt, accepted',
      run: skewed(-400),
    },
    {
      id: 'clock-hopeless',
      description: 'repeatedly rejected for its timestamp: at most two attempts, then the error',
      run: (client) => {
        const now = startOfScene();
        const respond = () => ({
          ...rejection(REJECTIONS.outsideWindow),
          headers: { Date: httpDate(now + 400) },
        });
        return ask(client, { respond, now }, (scene, result) => {
          client.check.that(scene.captured().length <= 2, {
            what: 'requests',
            expected: 'at most 2',
            actual: String(scene.captured().length),
          });
          const { message, status } = result.ok ? { message: 'ok', status: 200 } : result.error;
          client.check.that(message.includes(REJECTIONS.outsideWindow.message), {
            what: 'result of the call',
            expected: REJECTIONS.outsideWindow.message,
            actual: message,
          });
          client.check.equal('status of the error', { expected: 401, actual: status ?? undefined });
        });
      },
    },
    {
      id: 'clock-not-from-5xx',
      description:
        'the Date of a 503, which an intermediary may have sent, does not change the clock offset, in this call or the next',
      run: (client) => {
        const now = startOfScene();
        const unavailable = { status: 503, message: 'Service temporarily unavailable' };
        const respond: Responder = (_message, index) =>
          index === 0
            ? rejection(unavailable, { Date: httpDate(now + 3600) })
            : { ...success('balances.list'), headers: { Date: httpDate(now) } };
        return client.play({ label: 'not-from-5xx', respond }, (scene) =>
          expectClockUnchanged(client, scene, now),
        );
      },
    },
    {
      id: 'clock-not-from-success',
      description:
        'a Date 3600 s off, with a success that proves the clock of the client right, does not change the clock offset',
      run: (client) => {
        const now = startOfScene();
        const respond: Responder = (_message, index) => ({
          ...success('balances.list'),
          headers: { Date: httpDate(index === 0 ? now + 3600 : now) },
        });
        return client.play({ label: 'not-from-success', respond }, (scene) =>
          expectClockUnchanged(client, scene, now),
        );
      },
    },
    ...[true, false].map((isDated) => ({
      id: isDated ? 'clock-offset-corrected' : 'clock-offset-dropped',
      description: isDated
        ? 'a clock offset that is rejected later, because the clock of the server was set right, is corrected again'
        : 'a clock offset that is rejected later, without a Date, is dropped: one more attempt without it, accepted',
      run: (client: ClientUnderTest) => {
        const now = startOfScene();
        let serverNow = now + 400;
        const respond: Responder = (message, index) => {
          const reply = windowAt(serverNow)(message, index);
          const isRejected = 'status' in reply && reply.status === 401;
          return serverNow === now && isRejected && !isDated
            ? timelessRejection(REJECTIONS.outsideWindow)
            : reply;
        };
        return client.play({ label: `offset-${isDated}`, respond }, async (scene) => {
          expectData(client, await scene.call({ operation: 'balances.list', now }), 'balances.list');
          serverNow = now;
          const call = { operation: 'balances.list', args: { currency: 'ETH' }, now } as const;
          expectData(client, await scene.call(call), 'balances.list');
          expectEachSigned(client, scene);
          client.check.that(scene.captured().length <= 4, {
            what: 'requests of two calls',
            expected: 'at most 4',
            actual: String(scene.captured().length),
          });
        });
      },
    })),
    {
      id: 'clock-kept',
      level: 'SHOULD',
      needs: ['memory'],
      description: 'the clock offset is kept for the next call, which is accepted at once',
      run: (client) => {
        const now = startOfScene();
        return client.play({ label: 'clock-kept', respond: windowAt(now + 400) }, async (scene) => {
          for (const currency of ['USDT', 'ETH'])
            await scene.call({ operation: 'balances.list', args: { currency }, now });
          expectEachSigned(client, scene);
          client.check.equal('requests of two calls', { expected: 3, actual: scene.captured().length });
        });
      },
    },
  ],
);
