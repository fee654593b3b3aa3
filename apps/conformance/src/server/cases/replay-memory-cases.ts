import { REJECTIONS } from '../../core/rejections.ts';
import { sendMany } from '../concurrency.ts';
import { expectAccepted, expectRejected } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { withFrozenClock } from '../test-hooks.ts';

/** Requests sent with each key before a used signature is tried again; within limits of 600 a minute. */
const FURTHER = { other: 420, readonly: 300, noperm: 300 } as const;

const FURTHER_COUNT = Object.values(FURTHER).reduce((sum, count) => sum + count, 0);

const craftFurther = (server: ServerUnderTest) =>
  (Object.keys(FURTHER) as (keyof typeof FURTHER)[]).flatMap((role) =>
    Array.from({ length: FURTHER[role] }, () => server.craft({}, server.basis(role))),
  );

/**
 * Sends a request stamped `lead` seconds ahead, then again after each number of seconds, each time after
 * another request.
 */
const again =
  (lead: number, laterSeconds: readonly number[]) =>
  (server: ServerUnderTest): Promise<void> =>
    withFrozenClock(server, async (clock, now) => {
      const request = server.craft({ timestamp: String(now + lead) }, server.basis('full', now));
      expectAccepted(server.check, await server.send(request));
      for (const later of laterSeconds) {
        await clock.freeze(now + later);
        // A store may delete expired signatures whenever it admits a request.
        expectAccepted(server.check, await server.ask({}, server.basis('full', now + later)));
        const expected = later > lead + 300 ? REJECTIONS.outsideWindow : REJECTIONS.alreadyUsed;
        expectRejected(server.check, await server.send(request), expected);
      }
    });

/** How long, and across how many other requests, a used signature is remembered. */
export const REPLAY_MEMORY_CASES = serverCases({ group: 'replay', spec: '§2 restriction 2' }, [
  {
    id: 'replay-after-many',
    description: `a signature is still used after ${FURTHER_COUNT} other requests of three keys, one of them its own`,
    timeoutMs: 60_000,
    run: async (server) => {
      const request = server.craft({}, server.basis('other'));
      expectAccepted(server.check, await server.send(request));
      await sendMany(server, craftFurther(server), (response) => expectAccepted(server.check, response));
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-61-seconds-later',
    description: 'a signature is remembered beyond the minute',
    needs: ['clock'],
    run: again(0, [59, 60, 61, 121]),
  },
  {
    id: 'replay-until-window-ends',
    description: 'a signature is remembered until its timestamp + 300, inclusive',
    needs: ['clock'],
    run: again(0, [299, 300, 301]),
  },
  {
    id: 'replay-stamped-ahead',
    description: 'a signature stamped 300 s ahead is remembered for 600 s',
    needs: ['clock'],
    run: again(300, [301, 599, 600, 601]),
  },
  {
    id: 'replay-stamped-behind',
    description: 'a signature stamped 300 s behind is used at once',
    needs: ['clock'],
    run: again(-300, [0, 1]),
  },
]);
