import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BALANCE,
  CREDENTIALS,
  isAuthentic,
  SECRET,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { TRANSPORTS } from '@cpg/test-support/client/transports';
import { describeWithProgram } from '@cpg/test-support/programs';
import { type CapturedRequest, ok, RawServer } from '@cpg/test-support/raw-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CpgClient, type CpgClientOptions } from './client.ts';

describeWithProgram('openssl', 'over https', () => {
  let server: RawServer;
  let ca: Buffer;

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cpg-https-'));
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const make = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', [...make, '-days', '1', '-keyout', key, '-out', certificate, ...subject], {
      stdio: 'ignore',
    });
    ca = readFileSync(certificate);
    server = await RawServer.start((socket) => ok(socket, [BALANCE]), { key: readFileSync(key), cert: ca });
    rmSync(folder, { recursive: true });
  });
  afterAll(() => server.stop());

  const makeClient = (options: Partial<CpgClientOptions>) =>
    new CpgClient({ ...CREDENTIALS, baseUrl: `https://localhost:${server.port}`, maxRetries: 0, ...options });

  const lastRequest = (): CapturedRequest => {
    const request = server.requests.at(-1);
    if (request === undefined) throw new Error('nothing captured');
    return request;
  };

  // Only the platform decides which certificates and proxies the global fetch uses.
  const withOptions = TRANSPORTS.filter(({ create }) => create({ proxyPort: 1 }) !== undefined);

  describe.each(withOptions)('with $name', ({ create }) => {
    it('signs the sent bytes, with a custom certificate authority', async () => {
      const client = makeClient({ transport: create({ ca }) });
      const before = server.connections;
      for (const currency of ["a'b c", 'é', 'x']) {
        await client.balances.list({ currency });
        expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
        // Undici frees a connection after it has delivered the response.
        await new Promise(setImmediate);
      }
      expect(server.connections).toBe(before + 1);
      client.close();
    });

    it('goes through the tunnel of a proxy', async () => {
      const tunnels: string[] = [];
      const sockets = new Set<Socket>();
      const proxy = createServer((socket) => {
        sockets.add(socket);
        socket.once('data', (head) => {
          const [line = ''] = head.toString('latin1').split('\r\n');
          tunnels.push(head.toString('latin1'));
          const [, port] = line.split(' ')[1]?.split(':') ?? [];
          const upstream = connect(Number(port), '127.0.0.1', () => {
            socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
            socket.pipe(upstream).pipe(socket);
          });
          sockets.add(upstream);
        });
      });
      await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
      const address = proxy.address();
      if (address === null || typeof address === 'string') throw new Error('not listening');
      const client = makeClient({ transport: create({ ca, proxyPort: address.port }) });
      expect((await client.balances.list({ currency: 'tunnelled' })).data).toEqual([BALANCE]);
      expect(isAuthentic(lastRequest(), SECRET)).toBe(true);
      expect(tunnels).toHaveLength(1);
      expect(tunnels[0]).toMatch(new RegExp(`^CONNECT localhost:${server.port} HTTP/1\\.1\r\n`, 'i'));
      expect(tunnels[0]).not.toMatch(/x-cpg/i);
      client.close();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    });
  });

  describe.each(TRANSPORTS)('with $name', ({ create }) => {
    it('sends nothing to a server with an untrusted certificate', async () => {
      const client = makeClient({ transport: create() });
      const before = server.requests.length;
      await expect(client.withdrawals.create(WITHDRAWAL_BODY)).rejects.toMatchObject({
        code: 'connection_failed',
        message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
      });
      expect(server.requests).toHaveLength(before);
      client.close();
    });
  });
});
