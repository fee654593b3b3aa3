import { execFile } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createSnippet, LANGUAGES, type Language } from '@cpg/console/snippets';
import { createSigningKey, isRejection, verifyRequest } from '@cpg/protocol';
import { describeInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SECRET = `a secret with $HOME, 'quotes' and "more"`;
const KEY_ID = 'ck_snippet';
const HOSTILE = `it's "$HOME" \`id\` \\n \\ <?php ?> %s {$x} #{x} \${1+1} é 日本`;

const PROGRAMS: Readonly<Record<Language, (code: string) => readonly [string, readonly string[]]>> = {
  curl: (code) => ['bash', ['-c', code]],
  Node: (code) => [process.execPath, ['--input-type=module', '-e', code]],
  Python: (code) => ['python3', ['-c', code]],
  PHP: (code) => ['php', ['-r', code.replace('<?php', '')]],
};

const verify = (request: IncomingMessage, body: Buffer) => {
  const result = verifyRequest({
    keys: new Map([[KEY_ID, createSigningKey(SECRET)]]),
    method: request.method ?? '',
    target: request.url ?? '',
    headers: request.rawHeaders,
    body,
    now: Math.floor(Date.now() / 1000),
  });
  return isRejection(result) ? result.code : 'valid';
};

describeInCi('the programs that sign a request again', () => {
  let server: Server;
  const received: {
    readonly method: string | undefined;
    readonly target: string | undefined;
    readonly body: string;
    readonly verdict: string;
  }[] = [];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const body = await buffer(request);
      received.push({
        method: request.method,
        target: request.url,
        body: body.toString('utf8'),
        verdict: verify(request, body),
      });
      response.end('received');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  it.each(LANGUAGES)('%s sends the same bytes, signed, whatever they contain', async (language) => {
    received.length = 0;
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const requests = [
      { method: 'GET', target: `/v1/balances?currency=a%20b&x=%27$HOME[1-2]{a,b}`, body: '' },
      { method: 'POST', target: '/v1/withdrawals', body: JSON.stringify({ client_reference: HOSTILE }) },
    ];
    for (const request of requests) {
      const [program, parameters] = PROGRAMS[language](
        createSnippet(language, { baseUrl, keyId: KEY_ID, ...request }),
      );
      const { stdout } = await promisify(execFile)(program, parameters, {
        env: { ...process.env, CPG_SECRET: SECRET },
      });
      expect(stdout).toContain('received');
    }
    expect(received).toEqual(requests.map((request) => ({ ...request, verdict: 'valid' })));
  });
});
