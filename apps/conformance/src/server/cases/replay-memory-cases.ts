import { REJECTIONS } from '../../core/rejections.ts';
import { sendInTurn, sendMany } from '../concurrency.ts';
import { claimOrigin, fromOtherAddress } from '../origins.ts';
import { expectAccepted, expectRejected, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { withFrozenClock } from '../test-hooks.ts';
import type { Role } from '../test-keys.ts';

/** Requests sent with each key before a used signature is tried again; within limits of 600 a minute. */
const FURTHER = { other: 420, readonly: 300, noperm: 300 } as const;

/** The same in each minute of a movable clock. */
const EACH_MINUTE = { full: 420, ...FURTHER } as const;

const count = (each: Readonly<Record<string, number>>): number =>
  Object.values(each).reduce((sum, number) => sum + number, 0);

export const FURTHER_COUNT = count(FURTHER);
const MINUTES = 7;

/** Sends so many further requests, which are accepted; a server whose memory is full may respond with 503. */
export const sendFurther = (
  server: ServerUnderTest,
  numbers: Readonly<Partial<Record<Role, number>>> = FURTHER,
  now = server.now(),
): Promise<void> => {
  const requests = (Object.keys(numbers) as Role[]).flatMap((role) =>
    Array.from({ length: numbers[role] ?? 0 }, () => server.craft({}, server.basis(role, now))),
  );
  return sendMany(server, requests, (response: ServerResponse) => {
    if (response.status === 503) expectRejected(server.check, response, REJECTIONS.unavailable);
    else expectAccepted(server.check, response);
  });
};

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
    id: 'replay-after-10000',
    description: `a signature stamped 300 s ahead is still used after ${MINUTES * count(EACH_MINUTE)} other requests of four keys, in ${MINUTES} minutes`,
    needs: ['clock'],
    timeoutMs: 120_000,
    run: (server) =>
      withFrozenClock(server, async (clock, now) => {
        const request = server.craft({ timestamp: String(now + 300) }, server.basis('full', now));
        expectAccepted(server.check, await server.send(request));
        for (let minute = 1; minute <= MINUTES; minute++) {
          await clock.freeze(now + 60 * minute);
          await sendFurther(server, EACH_MINUTE, now + 60 * minute);
        }
        expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
      }),
  },
  {
    id: 'replay-other-address',
    description: 'the same bytes from another address of this machine: used',
    run: async (server) => {
      const other = await fromOtherAddress(server);
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      expectRejected(server.check, await other.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'replay-other-origin',
    description: 'the same request with headers that name another client: used',
    run: async (server) => {
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      for (const client of ['192.0.2.1', '192.0.2.2']) {
        const response = await server.send(request, { extraHeaders: claimOrigin(client) });
        expectRejected(server.check, response, REJECTIONS.alreadyUsed);
      }
    },
  },
  {
    id: 'replay-same-connection',
    description: 'the same bytes twice on one connection, and then on another: used',
    run: async (server) => {
      const request = server.craft();
      const [first, ...others] = await sendInTurn(server, [request, request]);
      if (first !== undefined) expectAccepted(server.check, first);
      for (const response of [...others, await server.send(request)])
        expectRejected(server.check, response, REJECTIONS.alreadyUsed);
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
