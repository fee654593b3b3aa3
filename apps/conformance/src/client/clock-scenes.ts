import { ANSWERS } from '../core/answers.ts';
import type { Reply, Responder } from './capture-server.ts';
import { parseCaptured } from './captured-request.ts';
import type { ClientUnderTest, Scene } from './client-under-test.ts';
import { refusal, success } from './replies.ts';

export const httpDate = (seconds: number): string => new Date(seconds * 1000).toUTCString();

/** Twenty seconds into the minute that is running now. */
export const startOfScene = (): number => Math.floor(Date.now() / 60_000) * 60 + 20;

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

export const ask = async (
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
export const secondAttempt =
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

export const PER_IP = 'Too many requests from this IP';
const LONGEST_WAIT_SECONDS = 600;
const MOST_ATTEMPTS = 8;

/** Answered 429 again and again: it gives up in the end, with a typed error, and never waits for long. */
export const givesUp =
  (headers: Readonly<Record<string, string>>, message: string) => (client: ClientUnderTest) => {
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
export const skewed = (offset: number) => (client: ClientUnderTest) => {
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
