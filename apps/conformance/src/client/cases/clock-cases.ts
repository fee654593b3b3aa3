import { ANSWERS } from '../../core/answers.ts';
import type { Reply, Responder } from '../capture-server.ts';
import { parseCaptured } from '../captured-request.ts';
import type { ClientUnderTest, Scene } from '../client-under-test.ts';
import { refusal, success } from '../replies.ts';
import { clientCases } from './client-case.ts';

const httpDate = (seconds: number): string => new Date(seconds * 1000).toUTCString();

/** Twenty seconds into the minute that is running now. */
const startOfScene = (): number => Math.floor(Date.now() / 60_000) * 60 + 20;

/** A server whose clock agrees with the client's: `Date` is the timestamp of the request. */
const agreeing =
  (reply: (index: number, timestamp: number) => Reply): Responder =>
  (message, index) => {
    const timestamp = Number(parseCaptured(message).timestamp);
    const answer = reply(index, timestamp);
    return 'raw' in answer
      ? answer
      : { ...answer, headers: { Date: httpDate(timestamp), ...answer.headers } };
  };

const ask = async (
  client: ClientUnderTest,
  { respond, now }: { respond: Responder; now: number },
  look: (scene: Scene, result: Awaited<ReturnType<Scene['call']>>) => void,
): Promise<void> =>
  client.play({ label: `clock-${now}`, respond }, async (scene) => {
    const result = await scene.call({ operation: 'balances.list', now });
    const signatures = new Set(scene.captured().map(({ signature }) => signature));
    client.check.equal('distinct signatures', { expected: scene.captured().length, actual: signatures.size });
    look(scene, result);
  });

/** The second attempt comes so many seconds after `now`, to within a few seconds, and succeeds. */
const secondAttempt =
  (
    headers: (now: number) => Readonly<Record<string, string>>,
    due: (now: number) => number,
    message: string,
  ) =>
  async (client: ClientUnderTest): Promise<void> => {
    const now = startOfScene();
    const limited = refusal({ status: 429, message }, headers(now));
    const respond = agreeing((index) => (index === 0 ? limited : success('balances.list')));
    await ask(client, { respond, now }, (scene, result) => {
      const [, second] = scene.captured();
      client.check.equal('requests', { expected: 2, actual: scene.captured().length });
      const late = Number(second?.timestamp) - due(now);
      client.check.that(late >= 0 && late <= 30, {
        what: 'timestamp of the second attempt',
        expected: `${due(now)}, at most 30 s later`,
        actual: second?.timestamp ?? '(none)',
      });
      client.check.equal('result of the call', {
        expected: 'ok',
        actual: result.ok ? 'ok' : result.error.message,
      });
    });
  };

const PER_IP = 'Too many requests from this IP';
const LONGEST_WAIT_SECONDS = 600;
const MOST_ATTEMPTS = 8;

/** Answered 429 again and again: it gives up in the end, with a typed error, and never waits for long. */
const givesUp = (headers: Readonly<Record<string, string>>, message: string) => (client: ClientUnderTest) => {
  const now = startOfScene();
  const respond = agreeing(() => refusal({ status: 429, message }, headers));
  return ask(client, { respond, now }, (scene, result) => {
    client.check.that(!result.ok && result.error.status === 429 && result.error.message.includes(message), {
      what: 'result of the call',
      expected: `429 ${message}`,
      actual: JSON.stringify(result),
    });
    client.check.that(scene.captured().length <= MOST_ATTEMPTS, {
      what: 'attempts',
      expected: `at most ${MOST_ATTEMPTS}`,
      actual: String(scene.captured().length),
    });
    client.check.that((result.elapsed ?? 0) <= LONGEST_WAIT_SECONDS, {
      what: 'seconds waited',
      expected: `at most ${LONGEST_WAIT_SECONDS}`,
      actual: String(result.elapsed),
    });
  });
};

/** A server whose clock is so many seconds ahead of the client's. */
const skewed = (offset: number) => (client: ClientUnderTest) => {
  const now = startOfScene();
  const respond: Responder = (message) => {
    const isInside = Math.abs(Number(parseCaptured(message).timestamp) - (now + offset)) <= 300;
    const reply = isInside ? success('balances.list') : refusal(ANSWERS.outsideWindow);
    return { ...reply, headers: { Date: httpDate(now + offset) } };
  };
  return ask(client, { respond, now }, (scene, result) => {
    client.check.equal('requests', { expected: 2, actual: scene.captured().length });
    client.check.equal('result of the call', {
      expected: 'ok',
      actual: result.ok ? 'ok' : result.error.message,
    });
  });
};

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
