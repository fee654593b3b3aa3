import { mkdtempSync, readFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { captureOutput } from '@cpg/test-support/captured-output';
import { findFreePort } from '@cpg/test-support/ports';
import { describeInCi } from '@cpg/test-support/programs';
import { describe, expect, it } from 'vitest';
import { MAX_OUTPUT_LENGTH } from '../adapter/adapter-output.ts';
import type { CaseRecord } from '../core/record.ts';
import { readJsonLines } from '../report/json-lines.ts';
import { main } from './main.ts';

const folder = mkdtempSync(join(tmpdir(), 'cpg-hostile-'));
const DEMO_KEYS = join(import.meta.dirname, '../../demo-keys.json');
const output = captureOutput();

const REPORTS = ['jsonl', 'junit', 'html', 'markdown'] as const;
let runs = 0;

/** Runs a command line in this process; returns its exit code and its cases. Every report has been written. */
const judge = async (...argv: readonly string[]) => {
  const base = join(folder, `run-${runs++}`);
  const code = await main([...argv, ...REPORTS.flatMap((name) => [`--${name}`, `${base}.${name}`])]);
  for (const name of REPORTS) expect(readFileSync(`${base}.${name}`, 'utf8')).not.toBe('');
  const records = readJsonLines(readFileSync(`${base}.jsonl`, 'utf8'));
  expect(records.at(-1)).toMatchObject({ type: 'footer' });
  const cases = records.filter((record): record is CaseRecord => record.type === 'case');
  return { code, cases, verdicts: cases.map(({ id, verdict }) => `${id} ${verdict}`) };
};

const respond = (body: string, headers = ''): string =>
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const envelope = (data: unknown): string =>
  JSON.stringify({
    success: true,
    message: 'OK',
    data,
    ...(Array.isArray(data) ? { data_count: data.length } : {}),
  });

const flood = (socket: Socket, piece: string): void => {
  const bytes = Buffer.from(piece.repeat(Math.ceil(65_536 / piece.length)));
  const go = (): void => void (socket.writable && socket.write(bytes, () => setImmediate(go)));
  go();
};

interface Endpoint {
  /** Takes the listener down, like a process that dies. */
  readonly die: () => void;
}

type Behaviour = (socket: Socket, server: Endpoint) => void;

/** A server that accepts everything, and responds to `GET /v1/balances` as the table says. */
const startServer = async (behave: Behaviour) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', (bytes) => {
      if (bytes.toString('latin1').startsWith('GET /v1/balances')) behave(socket, { die });
      else socket.end(respond(envelope({ pong: true })));
    });
  });
  const die = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, die };
};

const ROW = { currency: 'ETH', network: 'ETH', balance: '1.0', held: '0.0', available: '1.0' };
const rows =
  (...data: readonly unknown[]): Behaviour =>
  (socket) =>
    void socket.end(respond(envelope(data)));
const bytes =
  (text: string): Behaviour =>
  (socket) =>
    void socket.end(text);
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

type Row = readonly [name: string, behave: Behaviour, actual: RegExp];

const SERVERS: readonly Row[] = [
  ['leaves a field of a row out', rows({ ...ROW, held: undefined }), /undefined/],
  ['sends an amount as a number', rows({ ...ROW, balance: 1 }), /^1$/],
  ['sends null as a row', rows(null), /null/],
  ['sends a text instead of rows', (socket) => void socket.end(respond(envelope('x'))), /"x"/],
  ['sends null as the envelope', bytes(respond('null')), /undefined/],
  ['sends a list as the envelope', bytes(respond('[]')), /undefined/],
  ['sends a number as the envelope', bytes(respond('1')), /undefined/],
  ['sends JSON of 100,000 levels', bytes(respond('['.repeat(100_000))), /./],
  ['hangs up', (socket) => void socket.end(), /closed the connection without a response/],
  ['resets the connection', (socket) => void socket.resetAndDestroy(), /closed the connection without/],
  [
    'hangs up within the body',
    bytes(`${HEAD}Content-Length: 99\r\n\r\n{"succ`),
    /in the middle of a response/,
  ],
  ['hangs up within the headers', bytes(HEAD), /in the middle of a response/],
  ['dies', (_socket, { die }) => die(), /closed the connection without a response/],
  ['speaks another protocol', bytes('SSH-2.0-x\r\n\r\n'), /not a status line: "SSH-2\.0-x"/],
  [
    'sends a header without a colon',
    bytes('HTTP/1.1 200 OK\r\nnonsense\r\n\r\n'),
    /not HTTP: not a header line/,
  ],
  ['sends an unreadable chunk', bytes(`${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n`), /not a chunk size/],
  ['sends an endless body', (socket) => flood(socket.setNoDelay(), `${HEAD}\r\n`), /more than 4194304 bytes/],
  [
    'sends endless headers',
    (socket) => {
      socket.write(HEAD);
      flood(socket, 'A: b\r\n');
    },
    /more than 4194304 bytes/,
  ],
  [
    'sends an endless header',
    (socket) => {
      socket.write(`${HEAD}A: `);
      flood(socket, 'b');
    },
    /more than 4194304/,
  ],
  [
    'sends endless chunks',
    (socket) => {
      socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
      flood(socket, '1\r\nx\r\n');
    },
    /more than 4194304 bytes/,
  ],
  [
    'sends 3 MiB in a header',
    bytes(`${HEAD}A: ${'b'.repeat(3 * 1024 * 1024)}\r\nContent-Length: 0\r\n\r\n`),
    /undefined/,
  ],
  [
    'sends 3 MiB as a message',
    bytes(respond(JSON.stringify({ message: 'm'.repeat(3 * 1024 * 1024) }))),
    /undefined/,
  ],
];

const judgeServer = async (behave: Behaviour) => {
  const { url, die } = await startServer(behave);
  try {
    return await judge(
      'server',
      '--url',
      url,
      '--keys',
      DEMO_KEYS,
      '--run',
      'server-balances-{decimals,order}',
    );
  } finally {
    die();
  }
};

describe('a server under test', () => {
  it.each(SERVERS)(
    'that %s fails the cases that meet it, with the exchange',
    async (_name, behave, actual) => {
      const { code, cases, verdicts } = await judgeServer(behave);
      expect(verdicts).not.toContainEqual(expect.stringContaining('error'));
      const [first] = cases.filter(({ verdict }) => verdict === 'fail');
      expect(first?.diff?.actual).toMatch(actual);
      expect(first?.diff?.exchanges?.[0]?.sent).toMatch(/^GET \/v1\/balances\?nonce=/);
      expect(JSON.stringify(first).length).toBeLessThan(100_000);
      expect(code).toBe(1);
    },
  );
});

/** A correct signer in JavaScript, which does something else with the one target `/v1/_ping`. */
const startingWith = (hostile: string): string => {
  const program = `
    const crypto = require("node:crypto");
    const say = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
    const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");
    const sign = ({ id, now, method, target, bodyB64, keyId, secretB64 }) => {
      const [path, ...query] = target.split("?");
      const hash = sha256(Buffer.from(bodyB64, "base64"));
      const canonical = [now, method.toUpperCase(), path, query.join("?"), hash].join("\\n");
      const signature = crypto.createHmac("sha256", Buffer.from(secretB64, "base64")).update(canonical, "latin1").digest("hex");
      say({ id, headers: [["X-CPG-Key", keyId], ["X-CPG-Timestamp", String(now)], ["X-CPG-Signature", signature]] });
    };
    require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
      const command = JSON.parse(line);
      const { cmd, id, target } = command;
      if (cmd === "hello") return say({ id, name: "hostile", roles: ["sign"] });
      if (cmd === "stop") return process.exit(0);
      if (target !== "/v1/_ping") return sign(command);
      ${hostile};
    });`;
  return `'${process.execPath}' -e '${program}'`;
};

const ADAPTERS: readonly (readonly [name: string, hostile: string, actual: RegExp])[] = [
  ['exits', 'process.exit(9)', /the adapter ended \(exit code 9\)/],
  ['is killed', 'process.kill(process.pid, "SIGKILL")', /the adapter ended \(SIGKILL|exit code 137\)/],
  [
    'dies in the middle of a line',
    'process.stdout.write("{\\"id\\":", () => process.exit(0))',
    /ended|not JSON/,
  ],
  ['crashes with a message', 'console.error("out of paper"); process.exit(7)', /exit code 7.*out of paper/],
  ['writes a line that is not JSON', 'console.log("debug")', /not JSON.*: debug$/],
  ['writes an id that was never sent', 'say({ id: "made-up" })', /never sent/],
  ['reports an error', 'say({ id, error: "no such key" })', /the adapter failed: no such key/],
  ['leaves a field out', 'say({ id })', /headers: Invalid input/],
  ['writes numbers in headers', 'say({ id, headers: [["X-CPG-Timestamp", 1]] })', /headers\.0\.1: .*number/],
];

const FLOODS: typeof ADAPTERS = [
  ['writes a line of 9 MiB', 'say("x".repeat(9 * 1024 * 1024))', /more than 8388608 bytes/],
  [
    'floods standard error',
    `process.stderr.write("x".repeat(${MAX_OUTPUT_LENGTH + 1}))`,
    /too much to search/,
  ],
];

/** The hostile cases are in the middle of others that pass. */
const SIGN_CASES = ['vectors', '--run', 'sign-{,fresh-}{post-withdrawal,ping,path-root}', '--adapter'];
const HOSTILE_IDS = ['sign-ping', 'sign-fresh-ping'];

const expectOnlyHostileFail = (
  { code, cases }: Awaited<ReturnType<typeof judge>>,
  { actual, alsoFailing }: { readonly actual: RegExp; readonly alsoFailing: readonly string[] },
): void => {
  expect(cases.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id)).toEqual([
    ...HOSTILE_IDS,
    ...alsoFailing,
  ]);
  expect(cases.filter(({ verdict }) => verdict === 'pass').length).toBeGreaterThanOrEqual(4);
  expect(cases.filter(({ verdict }) => verdict === 'error')).toEqual([]);
  const { diff } = cases.find(({ verdict }) => verdict === 'fail') ?? {};
  expect(diff?.actual).toMatch(actual);
  expect(code).toBe(1);
};

/** A server in JavaScript that leaves a file in its state, and ends at `GET /v1/balances`. */
const ENDING = `
  const fs = require("node:fs");
  fs.writeFileSync(process.env.STATE_DIR + "/used", "", { flag: "wx" });
  const body = JSON.stringify({ success: true, message: "OK", data: { pong: true } });
  require("node:http").createServer((request, response) => {
    if (request.url.startsWith("/v1/balances")) { console.error("out of memory"); process.exit(3); }
    response.setHeader("content-type", "application/json").end(body);
  }).listen(process.env.PORT, process.env.HOST);`;

describe('a server that the run starts', () => {
  const start = (program: string) => `'${process.execPath}' -e '${program}'`;
  const target = async () => ['--url', `http://127.0.0.1:${await findFreePort()}`, '--keys', DEMO_KEYS];

  it('is started again with a fresh state after it has ended, with its output in the report, and stopped', async () => {
    const [option, url = '', ...keys] = await target();
    const run = [
      '--run',
      'server-{balances-decimals,balances-order,accept-no-query}',
      '--start',
      start(ENDING),
    ];
    const { code, cases, verdicts } = await judge('server', String(option), url, ...keys, ...run);
    expect(verdicts.toSorted()).toEqual([
      'server-accept-no-query pass',
      'server-balances-decimals fail',
      'server-balances-order fail',
    ]);
    for (const { diff } of cases.filter(({ verdict }) => verdict === 'fail'))
      expect(diff).toMatchObject({
        actual: 'the server closed the connection without a response',
        output: 'the server ended (exit code 3); it wrote: out of memory',
      });
    expect(code).toBe(1);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('that ends before it listens gives no verdict, with its output', async () => {
    const run = [
      '--run',
      'server-accept-no-query',
      '--start',
      start('console.log("no licence"); process.exit(4)'),
    ];
    const { code, cases } = await judge('server', ...(await target()), ...run);
    expect(cases[0]?.reason).toBe('could not start: the server ended (exit code 4); it wrote: no licence');
    expect(code).toBe(3);
  });

  it('is not started where another program listens', async () => {
    const { url, die } = await startServer(rows(ROW));
    const { code, cases } = await judge(
      'server',
      '--url',
      url,
      '--keys',
      DEMO_KEYS,
      '--run',
      'server-accept-no-query',
      '--start',
      'exit 5',
    );
    expect(cases[0]?.reason).toContain(`another program listens on ${url.slice('http://'.length)}: stop it`);
    expect(code).toBe(3);
    die();
  });
});

describe('two servers with a name each', () => {
  it('compare in one report', async () => {
    const files: string[] = [];
    for (const name of ['before', 'after']) {
      const { url, die } = await startServer(rows(ROW));
      const file = join(folder, `${name}.jsonl`);
      files.push(file);
      const target = ['--url', url, '--keys', DEMO_KEYS, '--name', name];
      await main(['server', ...target, '--run', 'server-balances-order', '--jsonl', file]);
      die();
    }
    const page = join(folder, 'compared.html');
    expect(await main(['report', ...files, '--html', page])).toBe(0);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('<th scope="col">before</th><th scope="col">after</th>');
    expect(html.match(/seed [0-9a-f]{16}/g)).toHaveLength(2);
  });
});

describe('an adapter', () => {
  it.each(ADAPTERS)(
    'that %s fails that case, and is started again for the next',
    async (_name, hostile, actual) => {
      const judged = await judge(...SIGN_CASES, startingWith(hostile));
      expectOnlyHostileFail(judged, { actual, alsoFailing: [] });
    },
  );

  it.each([
    ['responds twice', 'sign(command); sign(command)', /responded to one command twice/],
    [
      'ends after its response',
      'sign(command); process.stdout.write("", () => process.exit(3))',
      /exit code 3/,
    ],
  ])(
    'that %s fails the next case, and is started again for the one after it',
    async (_name, hostile, actual) => {
      const { code, cases } = await judge(...SIGN_CASES, startingWith(hostile));
      const failed = cases.filter(({ verdict }) => verdict === 'fail');
      expect(failed.map(({ diff }) => diff?.actual)).toEqual([
        expect.stringMatching(actual),
        expect.stringMatching(actual),
      ]);
      expect(cases.filter(({ verdict }) => verdict === 'pass')).toHaveLength(6);
      expect(code).toBe(1);
    },
  );

  it('that has ended fails with the command that it did not respond to, without the secret', async () => {
    const { cases } = await judge(...SIGN_CASES, startingWith('process.exit(9)'));
    const sent = cases.find(({ id }) => id === 'sign-fresh-ping')?.diff?.exchanges?.[0]?.sent;
    expect(sent).toContain('"cmd":"sign"');
    expect(sent).toContain('"target":"/v1/_ping"');
    expect(sent).toContain('"secretB64":"[secret]"');
    expect(output.text).toContain('sign-fresh-ping');
  });
});

describeInCi('an adapter that floods', () => {
  it.each(FLOODS)(
    'because it %s fails that case, and the one about secrets',
    async (_name, hostile, actual) => {
      const judged = await judge(...SIGN_CASES, startingWith(hostile));
      // What was flooded cannot be searched for secrets.
      expectOnlyHostileFail(judged, { actual, alsoFailing: ['vectors-output-hides-secrets'] });
    },
  );
});

describeInCi('an implementation that never responds', () => {
  it('fails each case that meets it, and nothing of such a case happens later', async () => {
    const silent: Behaviour = () => undefined;
    const drip: Behaviour = (socket) => {
      const timer = setInterval(() => socket.write('A: b\r\n'), 100);
      socket.write(HEAD);
      socket.on('close', () => clearInterval(timer));
    };
    const ignoring = 'process.on("SIGTERM", () => undefined); setInterval(() => undefined, 1000)';
    const [server, dripping, adapter] = await Promise.all([
      judgeServer(silent),
      judgeServer(drip),
      judge(...SIGN_CASES, startingWith(ignoring)),
    ]);
    for (const { code, cases } of [server, dripping]) {
      expect(code).toBe(1);
      expect(cases[0]?.diff?.actual).toMatch(/no complete response within|no verdict within/);
      expect(cases[0]?.diff?.exchanges?.[0]?.sent).toMatch(/^GET \/v1\/balances/);
      expect(cases.map(({ verdict }) => verdict)).toEqual(['fail', 'fail']);
    }
    expectOnlyHostileFail(adapter, { actual: /did not respond to `sign`/, alsoFailing: [] });
  }, 120_000);
});
