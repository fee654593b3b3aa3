import { STEPPED_AHEAD } from './captured-request.ts';
import type { ClientUnderTest } from './client-under-test.ts';
import { expectEachSigned } from './clock-scenes.ts';
import { expectData } from './expect-result.ts';
import { timeless } from './replies.ts';

/** Identical calls within one second: more than the seconds by which a timestamp may run ahead. */
export const MANY_CALLS = 36;

/** The client's clock in Unix seconds when a response has arrived. */
const clockAfter = (now: number | undefined, elapsed = 0): number =>
  now === undefined ? Date.now() / 1000 : now + elapsed;

/** Makes the calls one after the other; none may be stamped too far ahead. */
export const manyAtOnce = (client: ClientUnderTest): Promise<void> =>
  client.play({ label: 'most-ahead', respond: () => timeless('ping') }, async (scene) => {
    const { now } = client.movableNow();
    for (let i = 1; i <= MANY_CALLS; i++) {
      const response = await scene.call({ operation: 'ping', ...(now === undefined ? {} : { now }) });
      expectData(client, response, 'ping');
      const timestamp = Number(scene.captured().at(-1)?.timestamp);
      const time = Math.floor(clockAfter(now, response.elapsed));
      client.check.that(timestamp <= time + STEPPED_AHEAD, {
        what: `X-CPG-Timestamp of call ${i}`,
        expected: `at most ${STEPPED_AHEAD} s ahead of ${time}`,
        actual: String(timestamp),
        hint: 'If the next unused second is further ahead, wait.',
      });
    }
    client.check.equal('requests', { expected: MANY_CALLS, actual: scene.captured().length });
    expectEachSigned(client, scene);
  });
