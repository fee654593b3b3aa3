import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { createProgram, FIX_LANGUAGES, findCodeFix, findFixLanguage, STEP_OF } from '@cpg/console/fixes';
import { createSnippet, LANGUAGES, type Language } from '@cpg/console/snippets';
import { createSigningKey, isRejection, verifyRequest } from '@cpg/protocol';
import { describeInCi } from '@cpg/test-support/programs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

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

const IMPORTS = {
  Node: "import { createHash, createHmac } from 'node:crypto';\n",
  Python: 'import hashlib, hmac, json, os, time, urllib.request\n',
  PHP: '<?php\n',
  Ruby: "require 'digest'\nrequire 'json'\nrequire 'net/http'\nrequire 'openssl'\n",
} as const;

const inMain = {
  Go: (code: string) => `package main\nfunc main() {\n${code}\n}\n`,
  Java: (
    code: string,
  ) => `import java.net.*; import java.net.http.*; import java.nio.charset.*; import java.security.*;
    import java.time.*; import java.util.*; import javax.crypto.*; import javax.crypto.spec.*;
    class Main { public static void main(String[] parameters) throws Exception {\n${code}\n} }`,
};

/** The file of a program, and what runs it. Go is only parsed: its compiler takes half a minute the first time. */
const FILES: Readonly<Record<string, readonly [name: string, program: string, ...parameters: string[]]>> = {
  curl: ['fix.sh', 'bash'],
  Node: ['fix.mjs', process.execPath],
  Python: ['fix.py', 'python3'],
  PHP: ['fix.php', 'php'],
  Go: ['fix.go', 'gofmt', '-e', '-l'],
  Java: ['Main.java', 'java', '-XX:TieredStopAtLevel=1'],
  Ruby: ['fix.rb', 'ruby'],
};

const formatFile = (name: string, code: string): string =>
  name === 'Go' || name === 'Java'
    ? inMain[name](code)
    : `${name in IMPORTS ? IMPORTS[name as keyof typeof IMPORTS] : ''}${code}\n`;

describe('the fix of a mistake as code', () => {
  const codes = Object.keys(STEP_OF) as (keyof typeof STEP_OF)[];
  const withoutCode = codes.filter((code) => STEP_OF[code] === 'proxy' || STEP_OF[code] === 'webhook');

  it.each(FIX_LANGUAGES)('$name has one for every mistake that code can correct', (language) => {
    const missing = codes.filter((code) => (findCodeFix(code, language)?.code ?? '').trim() === '');
    expect(missing).toEqual(withoutCode);
    for (const [code, note] of Object.entries(language.notes)) {
      expect(withoutCode).not.toContain(code);
      expect(note).toMatch(/^\S.*[.)]$/);
    }
    expect(withoutCode).toHaveLength(4);
    expect(findCodeFix('no_known_mistake', language)).toBeUndefined();
  });

  it.each([
    ['curl/8.5.0', 'curl'],
    ['Wget/1.21', 'curl'],
    ['python-requests/2.32.3', 'Python'],
    ['Python-urllib/3.12', 'Python'],
    ['python-httpx/0.27', 'Python'],
    ['Python/3.12 aiohttp/3.9', 'Python'],
    ['node', 'Node'],
    ['undici', 'Node'],
    ['axios/1.7.2', 'Node'],
    ['cpg-client/1.0.0 node/24.0.0', 'Node'],
    ['GuzzleHttp/7', 'PHP'],
    ['Symfony HttpClient (Curl)', 'PHP'],
    ['Go-http-client/1.1', 'Go'],
    ['Java-http-client/17.0.15', 'Java'],
    ['okhttp/4.12.0', 'Java'],
    ['Apache-HttpClient/5.3 (Java/21)', 'Java'],
    ['Ruby', 'Ruby'],
    ['Faraday v2.9.0', 'Ruby'],
    ['Mozilla/5.0', undefined],
    ['', undefined],
  ])('is in the language of %s: %s', (userAgent, name) => {
    expect(findFixLanguage(`GET / HTTP/1.1\nHost: x\nUser-Agent: ${userAgent}\nAccept: */*`)?.name).toBe(
      name,
    );
    expect(findFixLanguage('GET / HTTP/1.1\nHost: x')).toBeUndefined();
  });
});

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

  it.each(FIX_LANGUAGES)('the fixes in $name are a program, and it signs', async (language) => {
    received.length = 0;
    const { name } = language;
    const [file = '', program = '', ...parameters] = FILES[name] ?? [];
    const folder = await mkdtemp(join(tmpdir(), 'cpg-fix-'));
    const targets = ['/v1/withdrawals', '/v1/withdrawals?b=2&a=%20x?y'];
    for (const target of targets) {
      await writeFile(
        join(folder, file),
        formatFile(
          name,
          createProgram(language).replace('/v1/withdrawals', () => target),
        ),
      );
      const { stdout } = await promisify(execFile)(program, [...parameters, join(folder, file)], {
        env: {
          ...process.env,
          CPG_SECRET: SECRET,
          CPG_KEY_ID: KEY_ID,
          CPG_BASE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        },
      });
      if (name !== 'Go') expect(stdout).toContain('received');
    }
    await rm(folder, { recursive: true });
    expect(received).toMatchObject(
      name === 'Go' ? [] : targets.map((target) => ({ method: 'POST', target, verdict: 'valid' })),
    );
  });
});
