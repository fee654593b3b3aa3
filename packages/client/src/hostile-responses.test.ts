import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import {
  BALANCE,
  CREATED_WITHDRAWAL,
  catchError,
  startServerAndClient as startBoth,
  stopAll,
  WITHDRAWAL_BODY,
} from '@cpg/test-support/client/fixtures';
import { TRANSPORTS } from '@cpg/test-support/client/transports';
import {
  type CapturedRequest,
  getHeader,
  ok,
  type RawHandler,
  respond,
  type ScriptedResponse,
} from '@cpg/test-support/raw-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { CpgClientOptions } from './client.ts';
import { type CpgError, ResponseValidationError } from './errors.ts';

afterEach(stopAll);

const envelope = (row: object) => ({ success: true, message: 'OK', data: [row], data_count: 1 });

describe.each(TRANSPORTS)('$name', ({ create }) => {
  const startServerAndClient = (handler: RawHandler, options: Partial<CpgClientOptions> = {}) =>
    startBoth(handler, { transport: create(), ...options });

  describe('a success with an invalid body', () => {
    it.each<[string, ScriptedResponse['body'], string, string]>([
      ['HTML', '<html>login</html>', '', 'got 18 bytes that are not JSON'],
      ['nothing', '', '', 'got 0 bytes that are not JSON'],
      ['truncated JSON', '{"success":true,"da', '', 'got 19 bytes that are not JSON'],
      ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), '', 'got 3 bytes that are not JSON'],
      ['success: false', { success: false, message: 'no' }, 'success', "Input should be 'true'"],
      ['null', 'null', '', 'Input should be an object'],
      ['no data', { success: true, message: 'OK' }, 'data', 'Field required'],
      [
        'an amount as a number',
        envelope({ ...BALANCE, available: 1300 }),
        'data.0.available',
        'Input should be a valid string',
      ],
      ['an exponent', envelope({ ...BALANCE, held: '1e-8' }), 'data.0.held', 'plain decimal string'],
      ['a plus sign', envelope({ ...BALANCE, held: '+1' }), 'data.0.held', 'plain decimal string'],
      ['a comma', envelope({ ...BALANCE, balance: '1,5' }), 'data.0.balance', 'plain decimal string'],
      ['a missing field', envelope({ ...BALANCE, currency: undefined }), 'data.0.currency', 'Field required'],
    ])('is a ResponseValidationError for %s', async (_, body, path, problem) => {
      const { server, client } = await startServerAndClient((socket) =>
        respond(socket, { status: 200, body, headers: { 'X-Request-Id': 'req-7' } }),
      );
      const error = await catchError(client.balances.list());
      expect(error).toBeInstanceOf(ResponseValidationError);
      expect(error).toMatchObject({
        code: 'invalid_response',
        path,
        status: 200,
        requestId: 'req-7',
        attempts: 1,
      });
      expect((error as CpgError).message).toContain(problem);
      expect(server.requests).toHaveLength(1);
    });

    it('is rejected beyond 16 MiB, without reading the rest', async () => {
      let written = 0;
      const { client } = await startServerAndClient((socket) => {
        socket.write(
          'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n',
        );
        const chunk = Buffer.alloc(1024 * 1024, ' ');
        const pump = () => {
          while (!socket.destroyed && written < 100 * chunk.length) {
            written += chunk.length;
            if (!socket.write(chunk)) return;
          }
        };
        socket.on('drain', pump);
        pump();
      });
      await expect(client.balances.list()).rejects.toMatchObject({ code: 'invalid_response', attempts: 1 });
      expect(written).toBeLessThan(100 * 1024 * 1024);
    });

    it('is rejected when a small gzip body inflates beyond 16 MiB', async () => {
      const { client } = await startServerAndClient((socket) =>
        respond(socket, {
          status: 200,
          headers: { 'Content-Encoding': 'gzip' },
          body: gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')),
        }),
      );
      await expect(client.balances.list()).rejects.toMatchObject({ code: 'invalid_response', attempts: 1 });
    });
  });

  describe('an unusual success', () => {
    it('may be compressed', async () => {
      const { client } = await startServerAndClient((socket) =>
        respond(socket, {
          status: 200,
          headers: { 'Content-Encoding': 'gzip' },
          body: gzipSync(JSON.stringify(envelope(BALANCE))),
        }),
      );
      expect((await client.balances.list()).data).toEqual([BALANCE]);
    });

    it('may start with a byte order mark', async () => {
      const { client } = await startServerAndClient((socket) =>
        respond(socket, { status: 200, body: `\uFEFF${JSON.stringify(envelope(BALANCE))}` }),
      );
      expect((await client.balances.list()).data).toEqual([BALANCE]);
    });

    it('keeps unknown fields and unknown enum values', async () => {
      const data = { ...CREATED_WITHDRAWAL, status: 'awaiting_approval', approval_url: 'https://x' };
      const { client } = await startServerAndClient((socket) => ok(socket, data));
      expect((await client.withdrawals.create(WITHDRAWAL_BODY)).data).toEqual(data);
    });
  });

  describe('an error without an envelope', () => {
    const HTML =
      '<html>\r\n<head><title>502 Bad Gateway</title><style>a { b: c }</style></head>\n<body><h1>nginx</h1></body></html>';
    it.each<[string, ScriptedResponse['body'], string]>([
      ['HTML', HTML, 'with an HTML page ("502 Bad Gateway nginx")'],
      ['HTML that is cut off', `<!DOCTYPE html><style>${'x'.repeat(3_000)}`, 'with an HTML page'],
      [
        'text',
        'upstream connect error\n\u001b[31m',
        'with a body that is not an envelope ("upstream connect error [31m")',
      ],
      ['nothing', '', 'without a body'],
      ['null', 'null', 'with a body that is not an envelope ("null")'],
      [
        'a message that is no text',
        { success: false, message: { a: 1 } },
        'with a body that is not an envelope ("{\\"success\\":false,\\"message\\":{\\"a\\":1}}")',
      ],
    ])('says what it is, and keeps headers and the beginning of the body: %s', async (_, body, reason) => {
      const { client } = await startServerAndClient((socket) =>
        respond(socket, { status: 403, body, headers: { 'CF-Ray': 'ray-1' } }),
      );
      const error = await catchError(client.balances.list());
      const whole = typeof body === 'string' ? body : JSON.stringify(body);
      expect(error).toMatchObject({
        code: 'permission_denied',
        message: `balances.list: 403 ${reason}: it does not come from the gateway itself`,
      });
      expect((error as CpgError).headers?.get('cf-ray')).toBe('ray-1');
      expect((error as CpgError).bodyExcerpt).toBe(whole === '' ? undefined : whole.slice(0, 500));
      expect(error).not.toHaveProperty('wireMessage');
      expect((error as CpgError).toJSON()).not.toHaveProperty('headers');
    });

    it('contains no signature that the server echoes, in any case and at any place', async () => {
      const { server, client } = await startServerAndClient(
        (socket, request) => {
          const signature = getHeader(request, 'X-CPG-Signature');
          const body = `${'<'.repeat(470)}${signature}, ${signature.toUpperCase()}`;
          respond(socket, { status: 502, body, headers: { 'X-Echo': signature.toUpperCase() } });
        },
        { maxRetries: 0 },
      );
      const error = (await catchError(client.withdrawals.create(WITHDRAWAL_BODY))) as CpgError;
      expect(error).toMatchObject({
        code: 'outcome_unknown',
        status: 502,
      });
      expect(error.headers?.get('x-echo')).toBe('[redacted]');
      const [request] = server.requests;
      const prefix = getHeader(request as CapturedRequest, 'X-CPG-Signature').slice(0, 8);
      const printed = inspect([error, error.headers, error.cause], { depth: null, showHidden: true });
      expect(printed).not.toMatch(new RegExp(prefix, 'i'));
      expect(error.bodyExcerpt).toContain('[redacted]');
    });

    it('is not quoted when it is JSON of a success, which may be about customers', async () => {
      const { client } = await startServerAndClient((socket) =>
        respond(socket, { status: 200, body: { success: true } }),
      );
      const error = await catchError(client.balances.list());
      expect(error).toMatchObject({
        code: 'invalid_response',
      });
      expect((error as CpgError).headers?.get('content-type')).toBe('application/json; charset=utf-8');
      expect(error).not.toHaveProperty('bodyExcerpt');
    });
  });

  describe('a redirect', () => {
    it.each([301, 302, 303, 307, 308])(
      '%i is not followed: the other host receives nothing',
      async (status) => {
        const other = await startServerAndClient((socket) => ok(socket, [BALANCE]));
        const { server, client } = await startServerAndClient((socket) =>
          respond(socket, { status, headers: { Location: `${other.server.url}/v1/balances` } }),
        );
        await expect(client.balances.list()).rejects.toMatchObject({
          code: 'redirect_refused',
          status,
          message: `balances.list: ${status} redirect, not followed`,
        });
        await expect(client.withdrawals.create(WITHDRAWAL_BODY)).rejects.toMatchObject({
          code: 'redirect_refused',
        });
        expect(server.requests).toHaveLength(2);
        expect(other.server.connections).toBe(0);
      },
    );
  });
});
