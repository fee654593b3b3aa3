import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CREDENTIALS, catchError, WITHDRAWAL_BODY } from '@cpg/test-support/client/fixtures';
import { TRANSPORTS } from '@cpg/test-support/client/transports';
import { CLOSED_PORT } from '@cpg/test-support/ports';
import { describeWithProgram } from '@cpg/test-support/programs';
import { ok, RawServer } from '@cpg/test-support/raw-server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CpgClient, type CpgClientOptions } from './client.ts';
import type { CpgError } from './errors.ts';

const running: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of running.splice(0)) await stop();
});

/** Starts a TCP server and returns its port. */
const listen = async (onConnection: (socket: Socket) => void): Promise<number> => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  running.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
};

const createClient = (options: Pick<CpgClientOptions, 'baseUrl'> & Partial<CpgClientOptions>): CpgClient => {
  const client = new CpgClient({ ...CREDENTIALS, ...options });
  running.push(() => client.close());
  return client;
};

/** A withdrawal without a reference, which must not be sent twice. */
const payOut = (client: CpgClient, signal?: AbortSignal) =>
  catchError(client.withdrawals.create({ ...WITHDRAWAL_BODY, client_reference: null }, { signal }));

describe('a withdrawal without a reference fails definitely', () => {
  it('when it waits for a free socket of its agent', async () => {
    const server = await RawServer.start(() => undefined);
    running.push(() => server.stop());
    const httpAgent = new HttpAgent({ maxSockets: 1 });
    running.push(() => httpAgent.destroy());
    const client = createClient({ baseUrl: server.url, httpAgent, maxRetries: 0 });
    const blocking = catchError(client.ping());
    const controller = new AbortController();
    const queued = payOut(client, controller.signal);
    while (Object.keys(httpAgent.requests).length === 0 || server.requests.length === 0) {
      await new Promise(setImmediate);
    }
    controller.abort();
    expect(await queued).toMatchObject({ code: 'aborted', attempts: 1 });
    client.close();
    expect(await blocking).toMatchObject({ code: 'client_closed' });
    expect(server.requests.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe.each(TRANSPORTS)('$name', ({ create }) => {
  const hasConnectionOptions = create({ proxyPort: 1 }) !== undefined;
  const makeClient = (
    baseUrl: string,
    options: Partial<CpgClientOptions> = {},
    connection: Parameters<typeof create>[0] = undefined,
  ): CpgClient => createClient({ baseUrl, transport: create(connection), ...options });

  describe('a withdrawal without a reference fails definitely when nothing was sent', () => {
    it('when the name has no address', async () => {
      const client = makeClient('https://gateway.invalid');
      expect(await payOut(client)).toMatchObject({ code: 'connection_failed', attempts: 1 });
    });

    it('when no process listens on the port', async () => {
      const port = await listen(() => undefined);
      await running.pop()?.();
      expect(await payOut(makeClient(`http://127.0.0.1:${port}`))).toMatchObject({
        code: 'connection_failed',
      });
      expect(await payOut(makeClient(`https://127.0.0.1:${port}`))).toMatchObject({
        code: 'connection_failed',
      });
    });

    it.each<[string, (socket: Socket) => void]>([
      ['closes the connection immediately', (socket) => socket.end()],
      [
        'resets the connection in the handshake',
        (socket) => socket.once('data', () => socket.resetAndDestroy()),
      ],
      ['closes the connection in the handshake', (socket) => socket.once('data', () => socket.end())],
      [
        'speaks plain http (EPROTO)',
        (socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')),
      ],
      ['uses another protocol', (socket) => socket.write('220 smtp.example.com ESMTP\r\n')],
      [
        'rejects the handshake with an alert',
        (socket) => socket.once('data', () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40]))),
      ],
    ])('when a TLS server %s', async (_, onConnection) => {
      const port = await listen(onConnection);
      expect(await payOut(makeClient(`https://127.0.0.1:${port}`))).toMatchObject({
        code: 'connection_failed',
        retryable: true,
        attempts: 1,
      });
    });

    it('when the handshake takes longer than timeoutMs', async () => {
      const port = await listen(() => undefined);
      const client = makeClient(`https://127.0.0.1:${port}`, { timeoutMs: 50 });
      expect(await payOut(client)).toMatchObject({ code: 'timeout' });
    });

    it.each<[string, (client: CpgClient, controller: AbortController) => void, string]>([
      ['the caller aborts', (_, controller) => controller.abort(), 'aborted'],
      ['the client is closed', (client) => client.close(), 'client_closed'],
    ])('when %s during the handshake', async (_, end, code) => {
      const controller = new AbortController();
      const port = await listen(() => end(client, controller));
      const client: CpgClient = makeClient(`https://127.0.0.1:${port}`);
      expect(await payOut(client, controller.signal)).toMatchObject({ code });
    });
  });

  if (hasConnectionOptions) {
    describe('behind a proxy, a withdrawal without a reference fails definitely', () => {
      it.each<[string, (socket: Socket) => void]>([
        ['rejects the tunnel', (socket) => socket.once('data', () => socket.end('HTTP/1.1 403 No\r\n\r\n'))],
        [
          'responds 502 itself',
          (socket) => socket.once('data', () => socket.end('HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n')),
        ],
        [
          'opens the tunnel and closes it in the handshake',
          (socket) =>
            socket.once('data', () => {
              socket.write('HTTP/1.1 200 OK\r\n\r\n');
              socket.once('data', () => socket.end());
            }),
        ],
      ])('when a proxy %s', async (_, onConnection) => {
        const port = await listen(onConnection);
        const client = makeClient('https://gateway.invalid', {}, { proxyPort: port });
        expect(await payOut(client)).toMatchObject({ code: 'connection_failed' });
      });

      it.each<[string, (socket: Socket) => void, readonly string[]]>([
        ['never responds', () => undefined, ['timeout']],
        // Axios does not notice it.
        ['closes the connection', (socket) => socket.end(), ['timeout', 'connection_failed']],
      ])('when a proxy %s instead of opening the tunnel', async (_, onConnect, codes) => {
        const port = await listen((socket) => socket.once('data', () => onConnect(socket)));
        const client = makeClient('https://gateway.invalid', { timeoutMs: 200 }, { proxyPort: port });
        expect(codes).toContain(((await payOut(client)) as CpgError).code);
      });
    });
  }

  describe('the error of a connection that cannot be used says how to fix it', () => {
    it('for https against an http port, without the text of OpenSSL', async () => {
      const server = await RawServer.start((socket) => ok(socket, { pong: true }));
      running.push(() => server.stop());
      const plain = await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const client = makeClient(`https://127.0.0.1:${plain}`, { maxRetries: 0 });
      const error = (await catchError(client.ping())) as CpgError;
      expect(error).toMatchObject({
        code: 'connection_failed',
        message: expect.stringMatching(
          /^ping: no complete response: https:\/\/127\.0\.0\.1:[0-9]+ does not speak TLS \([A-Z_]+\)\. Fix: check the port of baseUrl; a server on this machine may need http:\/\/\.$/,
        ),
      });
    });

    it('for a port on which no process listens', async () => {
      const client = makeClient(`http://127.0.0.1:${CLOSED_PORT}`, { maxRetries: 0 });
      expect(await catchError(client.ping())).toMatchObject({
        message: `ping: no complete response: connect ECONNREFUSED 127.0.0.1:${CLOSED_PORT} (ECONNREFUSED). Fix: check host and port of baseUrl, and that the server is running.`,
      });
    });

    it('for a server that does not speak HTTP', async () => {
      const port = await listen((socket) => socket.end(Buffer.from([21, 3, 1, 0, 2, 2, 70])));
      const client = makeClient(`http://127.0.0.1:${port}`, { maxRetries: 0 });
      expect(await catchError(client.ping())).toMatchObject({
        message: expect.stringContaining(
          'Fix: check the port of baseUrl, and whether the server expects https://.',
        ),
      });
    });
  });

  describe('a withdrawal without a reference has an unknown outcome when it may have been sent', () => {
    it.each<[string, (socket: Socket) => void]>([
      ['is reset', (socket) => socket.resetAndDestroy()],
      ['is closed', (socket) => socket.end()],
    ])('when a new connection %s after the request', async (_, end) => {
      const server = await RawServer.start(end);
      running.push(() => server.stop());
      expect(await payOut(makeClient(server.url))).toMatchObject({ code: 'outcome_unknown' });
      expect(server.requests).toHaveLength(1);
    });

    it('when a kept-alive connection breaks', async () => {
      const server = await RawServer.start((socket, { method }) => {
        if (method === 'GET') ok(socket, { pong: true });
        else socket.resetAndDestroy();
      });
      running.push(() => server.stop());
      const client = makeClient(server.url);
      await client.ping();
      // Undici frees a connection after it has delivered the response.
      await new Promise(setImmediate);
      expect(await payOut(client)).toMatchObject({ code: 'outcome_unknown' });
      expect([server.connections, server.requests.length]).toEqual([1, 2]);
    });

    it('when it is aborted while waiting for the response', async () => {
      const controller = new AbortController();
      const server = await RawServer.start(() => controller.abort());
      running.push(() => server.stop());
      expect(await payOut(makeClient(server.url), controller.signal)).toMatchObject({
        code: 'outcome_unknown',
      });
    });
  });

  describeWithProgram('openssl', 'an untrusted certificate', () => {
    let folder: string;
    const getPath = (name: string): string => join(folder, name);
    const openssl = (...given: readonly string[]) =>
      execFileSync('openssl', given, { stdio: 'ignore', cwd: folder });
    const read = (name: string) => ({
      key: readFileSync(getPath(`${name}.key`)),
      cert: readFileSync(getPath(`${name}.pem`)),
    });
    type Pair = ReturnType<typeof read>;
    let good: Pair;
    let issued: Pair;
    let expired: Pair;
    let future: Pair;

    const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const LOCALHOST = ['-subj', '/CN=localhost'];
    const ALT_NAME = ['-addext', 'subjectAltName=DNS:localhost'];

    const makeSelfSigned = (name: string, subject = LOCALHOST): Pair => {
      openssl(
        'req',
        '-x509',
        ...[...NEW_KEY, ...subject, ...ALT_NAME],
        '-days',
        '1',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
      );
      return read(name);
    };

    /** A certificate of an authority that the client does not trust. */
    const makeIssued = (name: string): Pair => {
      makeSelfSigned('authority', ['-subj', '/CN=An unknown authority']);
      openssl('req', ...NEW_KEY, ...LOCALHOST, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      const authority = ['-CA', 'authority.pem', '-CAkey', 'authority.key', '-CAcreateserial'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...authority, '-out', `${name}.pem`);
      return read(name);
    };

    /** Self-signed, valid from and to a date. Only `openssl ca` takes dates in all versions. */
    const makeDated = (name: string, ...[start, end]: readonly [string, string]): Pair => {
      writeFileSync(getPath(`${name}.index`), '');
      writeFileSync(
        getPath(`${name}.conf`),
        `[ca]\ndefault_ca=d\n[d]\nnew_certs_dir=.\ndatabase=${name}.index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n` +
          'x509_extensions=e\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost\n',
      );
      openssl('req', ...NEW_KEY, ...LOCALHOST, '-keyout', `${name}.key`, '-out', `${name}.csr`);
      const files = ['-in', `${name}.csr`, '-keyfile', `${name}.key`, '-out', `${name}.pem`, '-notext'];
      const dates = ['-startdate', start, '-enddate', end];
      openssl('ca', '-batch', '-selfsign', '-config', `${name}.conf`, ...files, ...dates);
      return read(name);
    };

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'cpg-certificates-'));
      good = makeSelfSigned('good');
      expired = makeDated('expired', '20200101000000Z', '20200102000000Z');
      future = makeDated('future', '20990101000000Z', '20990102000000Z');
      issued = makeIssued('issued');
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    interface Untrusted {
      readonly kind: string;
      readonly pair: () => Pair;
      readonly message: string;
      /** Whether the client trusts the certificate's issuer. */
      readonly isTrusted?: boolean;
      readonly servername?: string;
    }
    const cases: Untrusted[] = [
      { kind: 'self-signed', pair: () => good, message: '(DEPTH_ZERO_SELF_SIGNED_CERT). Fix: trust the' },
      {
        kind: 'of an unknown issuer',
        pair: () => issued,
        message: '(UNABLE_TO_VERIFY_LEAF_SIGNATURE). Fix: trust the',
      },
      {
        kind: 'expired',
        pair: () => expired,
        isTrusted: true,
        message: '(CERT_HAS_EXPIRED). Fix: check the clock',
      },
      {
        kind: 'not yet valid',
        pair: () => future,
        isTrusted: true,
        message: '(CERT_NOT_YET_VALID). Fix: check the clock',
      },
      {
        kind: 'for another name',
        pair: () => good,
        isTrusted: true,
        servername: 'gateway.example.com',
        message: '(ERR_TLS_CERT_ALTNAME_INVALID). Fix: check the host name in baseUrl',
      },
    ];
    // Only the platform decides which certificates the global fetch trusts.
    const possible = cases.filter(({ isTrusted }) => isTrusted === undefined || hasConnectionOptions);
    it.each(possible)('$kind: the withdrawal was not sent', async (untrusted) => {
      const { pair, isTrusted, servername, message } = untrusted;
      const server = await RawServer.start(() => undefined, pair());
      running.push(() => server.stop());
      const connection = isTrusted === true ? { ca: pair().cert, servername } : {};
      const client = makeClient(`https://localhost:${server.port}`, {}, connection);
      expect(await payOut(client)).toMatchObject({
        code: 'connection_failed',
        message: expect.stringContaining(message),
      });
      expect(server.requests).toHaveLength(0);
    });
  });
});
