import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setDocumentationUrl } from '@cpg/protocol';
import { CLOSED_PORT, getPort, listen } from '@cpg/test-support/ports';
import { describeWithProgram } from '@cpg/test-support/programs';
import { recordingLogger, SECRET, serve, testKey } from '@cpg/test-support/server-middleware/fixtures';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { cpgAuth } from '../express/cpg-auth.ts';
import { staticKeys } from '../keys/key-store.ts';
import { createTerminal, run, type Terminal } from './cli.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const COMMAND = ['--conditions=@cpg/source', MAIN];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cpg-doctor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const createApp = () => {
  const app = express();
  app.use('/v1', cpgAuth({ keys: staticKeys([testKey()]), store: memoryStore(), logger: recordingLogger() }));
  app.get('/v1/_ping', (_request, response) => {
    response.json({});
  });
  return app;
};

const startService = async (): Promise<string> => `http://127.0.0.1:${await serve(createApp())}`;

const doctor = async (argv: readonly string[], env: Terminal['env'] = {}, input = '') => {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    env,
    print: (line) => out.push(line),
    note: (line) => err.push(line),
    readInput: () => input,
  });
  expect([...out, ...err].join('\n')).not.toContain(SECRET);
  return { code, out, err };
};

const writeSecret = (text: string, mode = 0o600): string => {
  const file = join(folder, 'secret');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return file;
};

describe('cpg-doctor', () => {
  it('prints a line for each check, and exits with 0 for a healthy service', async () => {
    const { code, out, err } = await doctor(['--url', await startService(), '--key', 'ck_full'], {
      CPG_SECRET: SECRET,
    });
    expect([code, err, out[0]]).toEqual([
      0,
      [],
      'ok       authentication   a signed request is authenticated: got 200',
    ]);
    expect(out.length).toBeGreaterThan(20);
  });

  it('prints a report as JSON, and exits with 1 when a check failed', async () => {
    const CPG_DOCUMENTATION_URL = 'https://example.com/docs';
    onTestFinished(() => setDocumentationUrl('/docs/'));
    const env = {
      CPG_BASE_URL: await startService(),
      CPG_KEY_ID: 'ck_full',
      CPG_SECRET: 'wrong',
      CPG_DOCUMENTATION_URL,
    };
    const { code, out, err } = await doctor(['--json', '--target', '/v1/_ping', '--timeout', '0.5'], env);
    expect([code, JSON.parse(out.join('\n'))]).toEqual([
      1,
      {
        url: env.CPG_BASE_URL,
        isHealthy: false,
        findings: [
          {
            check: 'authentication',
            status: 'failure',
            detail:
              'got 401 "Invalid signature". Check the key id and the secret. If they are right, a proxy changes the method or the path.',
          },
        ],
      },
    ]);
    expect(err).toEqual(['More: https://example.com/docs/errors/doctor.html#authentication']);
  });

  it.each<readonly [string, () => string, string]>([
    ['a file', () => writeSecret(`${SECRET}\n`), ''],
    ['a file that ends without a line feed', () => writeSecret(SECRET), ''],
    ['standard input', () => '-', `${SECRET}\r\n`],
  ])('reads the secret from %s', async (_source, file, input) => {
    const url = await startService();
    const argv = ['--url', url, '--key', 'ck_full', '--secret-file', file(), '--deadline', '0.001'];
    const { code, out } = await doctor(argv, { CPG_SECRET: 'another' }, input);
    expect([code, out.length]).toEqual([1, 1]);
    const { out: checks } = await doctor([...argv.slice(0, -2), '--target', '/v1/unknown'], {}, input);
    expect(checks[0]).toMatch(/^failure {2}authentication {3}got 404/);
  });

  const COMPLETE = ['--url', 'http://127.0.0.1:1', '--key', 'ck_full'];
  it.each<readonly [string, readonly string[], RegExp]>([
    ['no URL', [], /^Missing URL: pass --url or set CPG_BASE_URL\.$/],
    ['no key', COMPLETE.slice(0, 2), /^Missing key id: pass --key or set CPG_KEY_ID\.$/],
    ['no secret', COMPLETE, /^Missing secret: set CPG_SECRET, or pass --secret-file/],
    ['an empty standard input', [...COMPLETE, '--secret-file', '-'], /^Missing secret/],
    [
      'no such file',
      [...COMPLETE, '--secret-file', '/nowhere/secret'],
      /^The file \/nowhere\/secret does not exist\.$/,
    ],
    ['an unknown option', ['--secret', 'x'], /^error: unknown option '--secret'/],
    [
      'no such time',
      [...COMPLETE, '--timeout', 'x'],
      /^--timeout must be seconds, above 0 and up to 86400: got "x"\.$/,
    ],
  ])('reports %s as wrong usage', async (_what, argv, message) => {
    const env = argv.includes('--timeout') ? { CPG_SECRET: SECRET } : {};
    const { code, err, out } = await doctor(argv, env);
    expect([code, out, err[0]]).toEqual([2, [], expect.stringMatching(message)]);
  });

  it.each([
    ['--url', 'ftp://host'],
    ['--url', 'https://user:pw@host'],
    ['--url', 'https://host/?a=b'],
    ['--url', 'https://host/#a'],
    ['--url', 'host'],
    ['--target', 'v1'],
  ])('reports %s %s as wrong usage', async (option, value) => {
    const { code, err } = await doctor([...COMPLETE, option, value], { CPG_SECRET: SECRET });
    expect([code, err]).toEqual([
      2,
      [expect.stringMatching(/^doctor: (?:app|target) must be a (?:URL|request target) /)],
    ]);
  });

  it('rejects a file that others can read', async () => {
    const file = writeSecret(SECRET, 0o644);
    const { code, err } = await doctor([...COMPLETE, '--secret-file', file]);
    expect([code, err]).toEqual([2, [`${file} must not be readable by other users. Fix: chmod 600 ${file}`]]);
  });

  it.each(['https', 'http'])('uses the port of %s when the URL has none', async (scheme) => {
    const { code, out } = await doctor(['--url', `${scheme}://cpg-doctor.invalid`, '--key', 'k'], {
      CPG_SECRET: SECRET,
    });
    expect([code, out]).toEqual([
      1,
      [
        expect.stringMatching(
          /^failure {2}authentication {3}there was no connection \(E[A-Z_]+\)\. Check the URL/,
        ),
      ],
    ]);
  });

  it('prints its help', async () => {
    const { code, out } = await doctor(['--help']);
    expect([code, out.join('\n')]).toEqual([0, expect.stringContaining('read from CPG_SECRET')]);
  });

  it('does not hide a mistake of its own', async () => {
    const failing = run(['--help'], {
      env: {},
      print: () => {
        throw new TypeError('broken');
      },
      note: () => {},
      readInput: () => '',
    });
    await expect(failing).rejects.toThrow('broken');
  });
});

describe('the process', () => {
  it('has a terminal', () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const exit = vi.fn();
    const fd = openSync(writeSecret('abc'), 'r');
    const terminal = createTerminal({ env: {}, stdin: { fd }, stdout, stderr, exit });
    terminal.print('a');
    terminal.note('b');
    expect([terminal.readInput(), String(stdout.read()), String(stderr.read())]).toEqual([
      'abc',
      'a\n',
      'b\n',
    ]);
    closeSync(fd);
    stdout.emit('error', Object.assign(new Error('closed'), { code: 'EPIPE' }));
    expect(exit).toHaveBeenCalledOnce();
    expect(() => stderr.emit('error', new Error('broken'))).toThrow('broken');
  });

  it('runs a command line', async () => {
    const argv = process.argv;
    onTestFinished(() => {
      process.argv = argv;
      process.exitCode = undefined;
      vi.restoreAllMocks();
    });
    process.argv = ['node', MAIN, '--key', 'ck_full'];
    const printed: unknown[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(text) > 0);
    await import('./main.ts');
    await vi.waitFor(() => expect(process.exitCode).toBe(2));
    expect(printed).toEqual(['Missing URL: pass --url or set CPG_BASE_URL.\n']);
    expect(write).toHaveBeenCalled();
  });

  it('ends quietly when the reader closes the pipe', async () => {
    const env = { ...process.env, CPG_SECRET: SECRET };
    const child = spawn(process.execPath, [...COMMAND, '--url', await startService(), '--key', 'ck_full'], {
      env,
    });
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    const exit = once(child, 'exit');
    await Promise.race([once(child.stdout, 'data'), exit]);
    child.stdout.destroy();
    expect(await exit).toEqual([0, null]);
    expect(log).toBe('');
  });

  it('reads the secret from standard input', async () => {
    const url = await startService();
    const child = execFile(process.execPath, [
      ...COMMAND,
      '--url',
      url,
      '--key',
      'ck_full',
      '--secret-file',
      '-',
    ]);
    child.stdin?.end(`${SECRET}\n`);
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('cannot connect', async () => {
    const argv = ['--url', `https://127.0.0.1:${CLOSED_PORT}`, '--key', 'ck_full'];
    const { out } = await doctor(argv, { CPG_SECRET: SECRET });
    expect(out).toEqual([
      'failure  authentication   there was no connection (ECONNREFUSED). Check the URL, the certificate, and the firewall.',
    ]);
  });

  describeWithProgram('openssl', 'over TLS', () => {
    it('verifies the certificate, with the authorities that Node trusts', async () => {
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      const files = ['-keyout', key, '-out', cert];
      await promisify(execFile)('openssl', [
        'req',
        '-x509',
        '-nodes',
        '-newkey',
        'rsa:2048',
        ...files,
        ...subject,
      ]);
      const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, createApp());
      await listen(server);
      onTestFinished(() => {
        server.closeAllConnections();
        server.close();
      });
      const argv = ['--url', `https://localhost:${getPort(server)}`, '--key', 'ck_full'];
      const { out } = await doctor(argv, { CPG_SECRET: SECRET });
      expect(out).toEqual([
        expect.stringMatching(
          /^failure {2}authentication {3}there was no connection \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. Check the URL/,
        ),
      ]);
      const env = { ...process.env, CPG_SECRET: SECRET, NODE_EXTRA_CA_CERTS: cert };
      const { stdout } = await promisify(execFile)(process.execPath, [...COMMAND, ...argv], { env });
      expect(stdout).toMatch(/^ok {7}encryption {7}TLS$/m);
    });
  });
});
