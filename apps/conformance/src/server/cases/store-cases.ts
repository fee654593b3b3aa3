import type { Recipe } from '../../core/probes/index.ts';
import { REJECTIONS } from '../../core/rejections.ts';
import { NoResponse } from '../../wire/connection.ts';
import { expectAccepted, expectRejected, getHeader, type ServerResponse } from '../server-response.ts';
import { type ServerUnderTest, serverCases } from '../server-under-test.ts';
import { withStore } from '../test-hooks.ts';

const PATIENCE_MS = 10_000;
const AT_ONCE = 8;

const expectUnavailable = ({ check }: ServerUnderTest, response: ServerResponse): void => {
  expectRejected(check, response, REJECTIONS.unavailable);
  check.equal('Retry-After', { expected: '1', actual: getHeader(response, 'retry-after') });
};

/** Checks before the admission store must reject as usual while the store is down. */
const rejectedAsBefore = (
  id: string,
  {
    problem,
    recipe,
    expected,
  }: { problem: string; recipe: Recipe; expected: (typeof REJECTIONS)['sourceIp'] },
) => ({
  id: `store-down-${id}`,
  description: `store down: ${problem} is rejected as usual`,
  spec: '§2.1',
  run: (server: ServerUnderTest) =>
    withStore(server, 'down', async () => expectRejected(server.check, await server.ask(recipe), expected)),
});

/**
 * Outages of the admission store: a server that cannot tell whether a signature was used must reject every
 * request.
 */
export const STORE_CASES = serverCases({ group: 'store', spec: '§3', needs: ['store'] }, [
  {
    id: 'store-down-503',
    description: 'store down: 503 with Retry-After: 1',
    run: (server) => withStore(server, 'down', async () => expectUnavailable(server, await server.ask())),
  },
  {
    id: 'store-down-at-once',
    description: `store down: ${AT_ONCE} requests at once, and again, all 503`,
    run: (server) =>
      withStore(server, 'down', async () => {
        for (let round = 0; round < 2; round++) {
          const responses = await Promise.all(Array.from({ length: AT_ONCE }, () => server.ask()));
          for (const response of responses) expectUnavailable(server, response);
        }
      }),
  },
  {
    id: 'store-silent-503',
    description: `store never responds: 503 with Retry-After: 1 within ${PATIENCE_MS / 1000} s`,
    timeoutMs: PATIENCE_MS + 5_000,
    run: (server) =>
      withStore(server, 'silent', async () => {
        const response = await server
          .send(server.craft(), { timeoutMs: PATIENCE_MS })
          .catch((error: unknown) => error);
        server.check.that(!(response instanceof NoResponse), {
          what: 'response',
          expected: `503 within ${PATIENCE_MS / 1000} s`,
          actual: 'none',
        });
        if (response instanceof Error) throw response;
        expectUnavailable(server, response as ServerResponse);
      }),
  },
  rejectedAsBefore('missing', {
    problem: 'a missing header',
    recipe: { headers: (headers) => headers.slice(0, 2) },
    expected: REJECTIONS.missingHeaders,
  }),
  rejectedAsBefore('timestamp', {
    problem: 'a timestamp outside the window',
    recipe: { timestamp: '0' },
    expected: REJECTIONS.outsideWindow,
  }),
  rejectedAsBefore('signature', {
    problem: 'a forged signature',
    recipe: { mac: () => 'a'.repeat(64) },
    expected: REJECTIONS.invalidSignature,
  }),
  {
    id: 'store-down-source-ip',
    description: 'store down: an address that is not whitelisted is rejected as usual',
    spec: '§2.1',
    run: (server) =>
      withStore(server, 'down', async () =>
        expectRejected(server.check, await server.ask({}, server.basis('ipListed')), REJECTIONS.sourceIp),
      ),
  },
  {
    id: 'store-down-before-permission',
    description: 'store down: a request without permission was not admitted either, so 503',
    spec: '§2.1',
    run: (server) =>
      withStore(server, 'down', async () => {
        const basis = server.basis('noperm');
        expectUnavailable(server, await server.ask({ target: `/v1/balances?nonce=${basis.nonce}` }, basis));
      }),
  },
  {
    id: 'store-down-does-not-burn',
    description: 'a request during the outage was not admitted: sent again afterwards it is accepted, once',
    spec: '§2 restriction 2',
    run: async (server) => {
      const request = server.craft();
      await withStore(server, 'down', async () => expectUnavailable(server, await server.send(request)));
      expectAccepted(server.check, await server.send(request));
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
  {
    id: 'store-down-forgets-nothing',
    description: 'a signature used before the outage is rejected during the outage and after it',
    spec: '§2 restriction 2',
    run: async (server) => {
      const request = server.craft();
      expectAccepted(server.check, await server.send(request));
      await withStore(server, 'down', async () => expectUnavailable(server, await server.send(request)));
      expectRejected(server.check, await server.send(request), REJECTIONS.alreadyUsed);
    },
  },
]);
