import { ANSWERS } from '../../core/answers.ts';
import type { Responder } from '../capture-server.ts';
import { ask, givesUp, httpDate, PER_IP, secondAttempt, skewed, startOfScene } from '../clock-scenes.ts';
import { refusal, success } from '../replies.ts';
import { clientCases } from './client-case.ts';

/** What needs a clock that can be moved: pacing, and learning the time. */
export const CLOCK_CASES = clientCases(
  { group: 'clock', spec: '§6.4, §6.5', needs: ['clock'], timeoutMs: 40_000 },
  [
    {
      id: 'clock-429-per-key',
      description: '429 without Retry-After: the next attempt is in the next epoch minute',
      run: secondAttempt(
        () => ({}),
        (now) => now - (now % 60) + 60,
        ANSWERS.rateLimit.message,
      ),
    },
    {
      id: 'clock-429-per-ip-seconds',
      description: '429 with Retry-After in seconds: the next attempt is not before that',
      run: secondAttempt(
        () => ({ 'Retry-After': '7' }),
        (now) => now + 7,
        PER_IP,
      ),
    },
    {
      id: 'clock-429-per-ip-date',
      description: '429 with Retry-After as a date: the next attempt is not before that',
      run: secondAttempt(
        (now) => ({ 'Retry-After': httpDate(now + 9) }),
        (now) => now + 9,
        PER_IP,
      ),
    },
    {
      id: 'clock-429-for-ever',
      description: '429 without end: it gives up',
      run: givesUp({}, ANSWERS.rateLimit.message),
    },
    ...Object.entries({ huge: '999999999', negative: '-5', garbage: 'soon', empty: '' }).map(
      ([id, value]) => ({
        id: `clock-retry-after-${id}`,
        description: `Retry-After: ${JSON.stringify(value)} does not make it wait for long, nor hammer`,
        run: givesUp({ 'Retry-After': value }, PER_IP),
      }),
    ),
    {
      id: 'clock-server-ahead',
      description: 'a server 400 s ahead: corrected by its Date, one more attempt, let in',
      run: skewed(400),
    },
    {
      id: 'clock-server-behind',
      description: 'a server 400 s behind: corrected by its Date, one more attempt, let in',
      run: skewed(-400),
    },
    {
      id: 'clock-hopeless',
      description: 'refused for its timestamp again and again: at most two attempts, then the error',
      run: (client) => {
        const now = startOfScene();
        const respond = () => ({ ...refusal(ANSWERS.outsideWindow), headers: { Date: httpDate(now + 400) } });
        return ask(client, { respond, now }, (scene, result) => {
          client.check.that(scene.captured().length <= 2, {
            what: 'requests',
            expected: 'at most 2',
            actual: String(scene.captured().length),
          });
          const message = result.ok ? 'ok' : result.error.message;
          client.check.that(message.includes(ANSWERS.outsideWindow.message), {
            what: 'result of the call',
            expected: ANSWERS.outsideWindow.message,
            actual: message,
          });
        });
      },
    },
    {
      id: 'clock-not-from-5xx',
      description: 'the Date of a 503 that anyone may have written does not move the clock',
      run: (client) => {
        const now = startOfScene();
        const respond: Responder = (_message, index) =>
          index === 0
            ? refusal(
                { status: 503, message: 'Service temporarily unavailable' },
                { Date: httpDate(now + 3600) },
              )
            : { ...success('balances.list'), headers: { Date: httpDate(now) } };
        return ask(client, { respond, now }, (scene) => {
          for (const { timestamp } of scene.captured())
            client.check.that(Math.abs(Number(timestamp) - now) <= 60, {
              what: 'X-CPG-Timestamp',
              expected: `about ${now}`,
              actual: timestamp,
            });
        });
      },
    },
  ],
);
