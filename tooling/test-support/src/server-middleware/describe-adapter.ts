import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { RawConnection, type RawResponse } from '../raw-client.ts';
import { ADAPTER_CASES, encodeCase } from './adapter-cases.ts';
import { type AdapterService, createAdapterService } from './adapter-service.ts';
import { collectResponses, type RequestParts, signedRequest } from './fixtures.ts';

/** A running server, on a loopback port. */
export interface AdapterServer {
  readonly port: number;
  close(): unknown;
}

export interface AdapterUnderTest {
  readonly name: string;
  /**
   * Starts a server that serves the routes behind authentication, and of its own `GET` and `POST /own/echo` (`withdraw`), and
   * `GET /own/fails` and `/own/rejects`, which throw.
   */
  readonly start: (service: AdapterService) => Promise<AdapterServer>;
  /** Responses that differ for a documented reason, by the name of the case. */
  readonly differences?: Readonly<Record<string, Difference>>;
  /** Names of cases that the platform cannot have. */
  readonly skips?: readonly string[];
}

interface Difference {
  readonly status?: number;
  readonly message?: string | undefined;
}

const send = async (port: number, writes: readonly (string | Uint8Array)[]): Promise<RawResponse> => {
  const connection = new RawConnection(port);
  try {
    for (const bytes of writes) await connection.write(bytes);
    const response = await connection.readResponse();
    if (response === undefined) throw new Error('The server closed the connection without a response.');
    return response;
  } finally {
    connection.close();
  }
};

/** Runs the same table of cases against the server of any framework. */
export const describeAdapter = ({ name, start, differences = {}, skips = [] }: AdapterUnderTest): void => {
  describe(name, () => {
    const cases = ADAPTER_CASES.filter((each) => !skips.includes(each.name)).map((each) => {
      const difference = differences[each.name];
      return [
        each.name,
        difference === undefined ? each : { ...each, body: undefined, ...difference },
      ] as const;
    });
    let server: AdapterServer;
    const service = createAdapterService();
    beforeAll(async () => {
      server = await start(service);
    });
    afterAll(() => server.close());

    it.concurrent.each(cases)('responds to %s', async (_name, expected) => {
      const response = await send(server.port, encodeCase(expected));
      const { status, message, body, headers = {} } = expected;
      expect([response.status, response.body]).toEqual([status, body ?? expect.any(String)]);
      if (message !== undefined) expect(JSON.parse(response.body)).toEqual({ success: false, message });
      expect(response.headers).toMatchObject(headers);
      // A framework may add one to its own responses.
      const isOwn = expected.request.target?.startsWith('/own/') === true && status === 200;
      if (!isOwn) expect(response.headers).not.toHaveProperty('etag');
    });

    it('admits a signature once', async () => {
      const bytes = signedRequest({ target: '/v1/_ping?replay=1' });
      expect((await send(server.port, [bytes])).status).toBe(200);
      expect(JSON.parse((await send(server.port, [bytes])).body)).toEqual({
        success: false,
        message: 'Request signature has already been used',
      });
    });

    it("applies the limits of a service's own route", async () => {
      const put = async (keyId: string, bytes: number, parts: RequestParts = {}) => {
        const body = JSON.stringify({ a: 'a'.repeat(bytes - 8) });
        const request = { method: 'PUT', target: '/v1/uploads/7', keyId, body, ...parts };
        const response = await send(server.port, [signedRequest(request)]);
        return [response.status, JSON.parse(response.body).message];
      };
      expect(await put('ck_full', 20)).toEqual([403, 'API key lacks the required permission: uploads:write']);
      expect(await put('ck_none', 20, { body: '{' })).toEqual([
        403,
        'API key lacks the required permission: uploads:write',
      ]);
      expect(await put('ck_upload', 2_000_001)).toEqual([413, 'Request body is too large']);
      expect(await put('ck_upload', 2_000_000)).toEqual([200, 'OK']);
      expect(await put('ck_upload', 20)).toEqual([429, 'Rate limit exceeded']);
      expect(await put('ck_uploads', 20)).toEqual([200, 'OK']);
    });

    it('holds the limit of a key', async () => {
      const parts = { keyId: 'ck_once', target: '/v1/_ping?rate=1' };
      expect((await send(server.port, [signedRequest(parts)])).status).toBe(200);
      const response = await send(server.port, [signedRequest({ ...parts, target: '/v1/_ping?rate2=1' })]);
      expect([response.status, JSON.parse(response.body).message]).toEqual([429, 'Rate limit exceeded']);
    });

    it('serves the next request of a connection after it rejected a body', async () => {
      const connection = new RawConnection(server.port);
      const body = 'x'.repeat(200_000);
      await connection.write(
        signedRequest({ method: 'POST', target: '/own/echo?kept=1', body, secret: 'other' }),
      );
      expect((await connection.readResponse())?.status).toBe(401);
      await connection.write(signedRequest({ target: '/v1/_ping?kept=1' }));
      expect((await connection.readResponse())?.status).toBe(200);
      connection.close();
    });

    it('publishes one event a response', async () => {
      const { take } = collectResponses();
      const requests: readonly (readonly [RequestParts, object])[] = [
        [
          { target: '/v1/balances?event=1', headers: { 'X-Request-Id': 'req-1' } },
          { status: 200, outcome: 'served', keyId: 'ck_full', route: '/v1/balances', requestId: 'req-1' },
        ],
        [{ headers: { 'X-CPG-Key': null } }, { status: 401, rejectedBy: 'headers', path: '/v1/_ping' }],
        [
          { keyId: 'ck_none', target: '/v1/balances?event=2' },
          { status: 403, outcome: 'missing_permission', rejectedBy: 'permission', keyId: 'ck_none' },
        ],
        [{ target: '/v1/unknown?event=3' }, { status: 404, outcome: 'not_found', rejectedBy: 'routing' }],
      ];
      for (const [parts, expected] of requests) {
        await send(server.port, [signedRequest(parts)]);
        expect(await take()).toMatchObject({ ...expected, isComplete: true });
      }
    });

    it('logs failures, and only those', () => {
      const { lines } = service.options.logger;
      expect(lines.every(({ level }) => level === 'error')).toBe(true);
      expect(new Set(lines.map(({ fields, message }) => fields.code ?? message))).toEqual(
        new Set(['store_unavailable', 'relation "currencies" does not exist', 'own handler']),
      );
    });
  });
};

export interface HooksUnderTest<Http> {
  readonly name: string;
  /** Returns the target of the framework's request, as received. */
  readonly getTarget: (http: Http) => string;
  /** Starts a server with these options, with `cpgAuth` mounted twice, the routes, and `GET /health` of its own. */
  readonly start: (options: HookedOptions<Http>, service: AdapterService) => Promise<AdapterServer>;
}

type HookedOptions<Http> = AdapterService['options'] & {
  readonly skip: (http: Http) => boolean;
  readonly originalTarget: (http: Http) => string;
};

/** Tests `skip`, `originalTarget` and a second `cpgAuth` in any framework. */
export const describeHooks = <Http>({ name, getTarget, start }: HooksUnderTest<Http>): void => {
  it(`skip, originalTarget and a second cpgAuth work on ${name}`, async () => {
    const service = createAdapterService();
    const skip = (http: Http): boolean => {
      if (getTarget(http) === '/v1/broken') throw new Error('no decision');
      return getTarget(http) === '/health';
    };
    const originalTarget = (http: Http) => `/api${getTarget(http)}`;
    const server = await start({ ...service.options, skip, originalTarget }, service);
    onTestFinished(() => {
      server.close();
    });
    const getStatus = async (parts: RequestParts) => (await send(server.port, [signedRequest(parts)])).status;
    expect(await getStatus({ target: '/health', headers: { 'X-CPG-Key': null } })).toBe(200);
    expect(await getStatus({ target: '/api/v1/_ping', sentTarget: '/v1/_ping' })).toBe(200);
    expect(await getStatus({ target: '/v1/_ping' })).toBe(401);
    const withdrawal = { method: 'POST', target: '/api/v1/withdrawals', sentTarget: '/v1/withdrawals' };
    expect(await getStatus({ ...withdrawal, body: '{"currency":1}' })).toBe(422);
    expect(await getStatus({ target: '/v1/broken' })).toBe(500);
    expect(service.options.logger.lines.map(({ fields }) => fields.code)).toEqual(['hook_failed']);
  });
};
