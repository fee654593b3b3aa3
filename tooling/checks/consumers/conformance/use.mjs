// A project of another team: runs the installed suite against adapters and a server of this project. Prints every difference.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';

const say = (text) => process.stdout.write(`${text}\n`);

const PACKAGE = 'node_modules/@cpg/conformance';

for (const file of ['python/adapter.py', 'php/adapter.php', 'bash/client.sh'])
  cpSync(join(PACKAGE, 'adapters', file), file.replace('/', '-'));
cpSync(join(PACKAGE, 'demo-keys.json'), 'keys.json');
const correct = readFileSync('python-adapter.py', 'utf8');
writeFileSync('broken-adapter.py', correct.replace('"\\n".join((timestamp', '"\\r\\n".join((timestamp'));
for (const folder of ['vectors', 'started']) rmSync(folder, { recursive: true, force: true });

const server = createServer((_request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end('{"success":true,"data":{"pong":true}}');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${server.address().port}`;

/** Exit code, text on standard output or standard error, the required program, and the command line. */
const COMMANDS = [
  [0, /Usage: cpg-conformance/, undefined, ['--help']],
  [0, /^sign-worked-example\t/m, undefined, ['list']],
  [0, /wire protocol §/, undefined, ['explain', 'sign-worked-example']],
  [0, /vectors in vectors\n$/, undefined, ['export', 'vectors']],
  [0, /planned \d+, not applicable 0/, undefined, ['vectors', '--self', '--dryrun']],
  [
    0,
    / 0 failed\n$/,
    undefined,
    ['vectors', '--self', '--html', 'report.html', '--junit', 'junit.xml', '--badge', 'b.json'],
  ],
  [0, / 0 failed\n$/, 'python3', ['vectors', '--adapter', 'python3 python-adapter.py']],
  [0, / 0 failed\n$/, 'python3', ['client', '--exec', 'python3 python-adapter.py', '--run', 'client-call-*']],
  [
    0,
    / 0 failed\n$/,
    'python3',
    ['client', '--adapter', 'python3 python-adapter.py', '--run', 'client-call-*'],
  ],
  [0, / 0 failed\n$/, 'php', ['vectors', '--adapter', 'php php-adapter.php']],
  [
    0,
    / 0 failed\n$/,
    'openssl',
    ['vectors', '--one-shot', '--adapter', 'bash bash-client.sh', '--run', 'sign-*'],
  ],
  [
    1,
    /│ GET\\r\\n/,
    'python3',
    ['vectors', '--adapter', 'python3 broken-adapter.py', '--run', 'sign-worked-*'],
  ],
  [
    1,
    /repeat {4}cpg-conformance server --url http\S+ --keys keys\.json --run server-missing-\S+ --seed /,
    undefined,
    ['server', '--url', url, '--keys', 'keys.json', '--run', 'server-*missing*'],
  ],
  [0, /Wrote started\/adapter\.go/, undefined, ['init', '--language', 'go', 'started']],
  [2, /must be http/, undefined, ['server', '--url', 'https://127.0.0.1', '--keys', 'keys.json']],
  [2, /unknown option/, undefined, ['vectors', '--no-such-option']],
  [3, /could not start/, undefined, ['server', '--url', 'http://127.0.0.1:1', '--keys', 'keys.json']],
  [3, /NOTHING TRIED/, undefined, ['vectors', '--self', '--run', 'no-such-case']],
  [2, /run needs --exec/, undefined, ['run']],
  [2, /vectors needs --adapter/, undefined, ['vectors']],
];

const run = (parameters) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [join(PACKAGE, 'dist/main.js'), ...parameters]);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
    child.on('close', (code) => resolve({ code, output }));
  });

const isMissing = (program) => program !== undefined && spawnSync('which', [program]).status !== 0;

let failed = 0;
for (const [code, text, program, parameters] of COMMANDS) {
  if (isMissing(program) && process.env.CI !== 'true') {
    say(`SKIPPED: cpg-conformance ${parameters.join(' ')} (needs ${program}, which is not installed)`);
    continue;
  }
  const ended = await run(parameters);
  if (ended.code === code && text.test(ended.output)) continue;
  failed += 1;
  say(
    `${parameters.join(' ')}: expected ${code} and ${text}, got ${ended.code} and\n${ended.output.slice(-2000)}`,
  );
}
server.close();

/** The package contains its documentation; every link in it must have a target in the package. */
const pages = [join(PACKAGE, 'README.md')];
for (const file of readdirSync(join(PACKAGE, 'docs')))
  if (file.endsWith('.md')) pages.push(join(PACKAGE, 'docs', file));
for (const page of pages) {
  for (const [, link] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    if (existsSync(join(dirname(page), link))) continue;
    failed += 1;
    say(`${page}: the link ${link} has no target`);
  }
}
process.exitCode = failed === 0 ? 0 : 1;
