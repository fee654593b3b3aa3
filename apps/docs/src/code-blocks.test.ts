import { execFile } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { createSigningKey, REJECTIONS, signRequest } from '@cpg/protocol';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';
import { itInCi } from '@cpg/test-support/programs';
import { describe, expect, it } from 'vitest';
import { REPOSITORY, readCodeBlocks } from './markdown.ts';
import { DOCUMENTS, GUIDES } from './navigation.ts';

const run = promisify(execFile);
const read = (file: string): string => readFileSync(join(REPOSITORY, file), 'utf8');

const pages = [...GUIDES, ...DOCUMENTS].flatMap((section) => section.pages);
/** The blocks that show no file, of every page that is written in Markdown. */
const blocks = pages.flatMap(({ file }) =>
  readCodeBlocks(read(file))
    .filter(({ shown }) => shown === undefined)
    .map((block) => ({
      page: file,
      ...block,
      key: `${file}: ${block.info} ${block.content.split('\n')[0]}`,
    })),
);
type Block = (typeof blocks)[number];

const page = (name: string): string => `apps/docs/packages/${name}.md`;
const OPERATING = 'apps/gateway/docs/operating.md';
const ADAPTERS = 'apps/conformance/docs/adapter-protocol.md';
const SERVERS = 'apps/conformance/docs/servers.md';

interface Elsewhere {
  readonly page: string;
  /** Found in the language and the content, `ts start\nimport …`. */
  readonly block: RegExp;
  /** The test that reads the page and runs the block. */
  readonly test: string;
}

/** Blocks that the tests of their packages read from the page and run, because they have what the block needs. */
const RUN_ELSEWHERE: readonly Elsewhere[] = [
  { page: page('client'), block: /^ts /, test: 'packages/client/src/readme.test.ts' },
  { page: page('client'), block: /^sh\nnpx cpg ping/, test: 'packages/client/src/readme.test.ts' },
  { page: page('protocol'), block: /^ts/, test: 'packages/protocol/src/readme.test.ts' },
  {
    page: 'packages/protocol/vectors/README.md',
    block: /^ts/,
    test: 'packages/protocol/src/readme.test.ts',
  },
  { page: page('server-middleware'), block: /^ts/, test: 'packages/server-middleware/src/readme.test.ts' },
  {
    page: page('server-middleware'),
    block: /^(?:nginx|haproxy|apache)/,
    test: 'packages/server-middleware/src/doctor/deployment.test.ts',
  },
  {
    page: page('server-middleware'),
    block: /\nACL SETUSER payments/,
    test: 'packages/server-middleware/src/admission/redis/redis-rights.test.ts',
  },
  {
    page: page('server-middleware'),
    block: /\nGRANT /,
    test: 'packages/server-middleware/src/admission/postgres/postgres-rights.test.ts',
  },
  {
    page: page('gateway'),
    block: /^js walk|\nnpm run gateway:keys/,
    test: 'apps/gateway/src/readme.test.ts',
  },
  { page: OPERATING, block: /^sql/, test: 'apps/gateway/src/readme.test.ts' },
  { page: OPERATING, block: /^sh certificates/, test: 'apps/gateway/src/database/poolers.test.ts' },
  {
    page: OPERATING,
    block: /^sh (?:dump|restore|skip-ids|base-backup)/,
    test: 'apps/gateway/src/backups.test.ts',
  },
  { page: 'apps/gateway/docs/scaling.md', block: /^sql/, test: 'apps/gateway/src/readme.test.ts' },
  {
    page: 'docs/wire-protocol.md',
    block: /^(?:hexdump|sh|text)/,
    test: 'packages/protocol/generators/wire-protocol.test.ts',
  },
];

interface Justified {
  readonly page: string;
  readonly block: RegExp;
  readonly because: string;
}

/** Blocks that nothing runs in this form. */
const JUSTIFIED: readonly Justified[] = [
  {
    page: page('server-middleware'),
    block: /^yaml\nnormalize_path/,
    because: 'Envoy is not a package of Debian; the text says that CI does not run it',
  },
  {
    page: page('server-middleware'),
    block: /^yaml\nmetadata/,
    because: 'needs a Kubernetes cluster; the text says that CI does not run it',
  },
  {
    page: page('conformance'),
    block: /^yaml\n- uses/,
    because: 'runs on GitHub only; documentation.test.ts of the suite runs the script of the action',
  },
  {
    page: page('conformance'),
    block: /^yaml\n- case/,
    because: 'expectations.test.ts of the suite reads lists of this form',
  },
  {
    page: OPERATING,
    block: /^sh\nnpm run gateway:master-key/,
    because: 'master-key-program.test.ts runs the commands in the states that the steps pass through',
  },
  { page: OPERATING, block: /^ini/, because: 'poolers.test.ts starts pgbouncer with these settings' },
  {
    page: OPERATING,
    block: /^sh\nDATABASE_URL=/,
    because: 'a value with a placeholder; poolers.test.ts connects with these parameters',
  },
  {
    page: 'apps/gateway/docs/scaling.md',
    block: /^sh\nnpm run bench/,
    because: 'minutes of measurement; the tests of tooling/bench run the parts with a few requests',
  },
  {
    page: ADAPTERS,
    block: /^text\n→ /,
    because: 'messages with placeholders; every adapter in apps/conformance/adapters exchanges them in CI',
  },
  {
    page: SERVERS,
    block: /^json\n\{\n {2}"full"/,
    because: 'placeholders; demo-keys.json has the same roles, and the suite reads it strictly',
  },
  {
    page: OPERATING,
    block: /^sh\npsql "\$DATABASE_URL" --command="TRUNCATE/,
    because: 'needs the database of a gateway; ledger/audit.test.ts runs the statement',
  },
  {
    page: OPERATING,
    block: /^text\n\*\/10/,
    because: 'lines of cron; apps/gateway/src/programs.test.ts runs the commands',
  },
  { page: SERVERS, block: /^python/, because: 'a sketch of the reader’s own store' },
  {
    page: SERVERS,
    block: /--start 'node server\.js/,
    because: 'the reader’s own server; the tests of the suite start one',
  },
  {
    page: SERVERS,
    block: /^text\nPUT \/_sandbox/,
    because: 'the form of requests; every run of the suite against the gateway sends them',
  },
  {
    page: SERVERS,
    block: /^text\n192\.0\.2\.1/,
    because: 'the whitelist of ck_demo_ip_edges, which every run of the suite uses',
  },
];

/** Values in the text that a computation must give again, by the beginning of their block. */
const COMPUTED: readonly {
  readonly page: string;
  readonly block: RegExp;
  readonly expected: () => string;
}[] = [
  {
    page: 'apps/docs/guides/authentication.md',
    block: /^text\n1747444800/,
    expected: () => {
      const key = createSigningKey('any');
      const target = '/v1/balances?currency=USDT&network=ETH';
      const signed = signRequest({ key, keyId: 'ck', method: 'GET', target, timestamp: 1_747_444_800 });
      return `${signed.canonical}\n`;
    },
  },
  {
    page: 'apps/docs/guides/errors.md',
    block: /^json/,
    expected: () => `{ "success": false, "message": "${REJECTIONS.invalid_signature.message}" }\n`,
  },
  {
    page: 'apps/docs/guides/limits.md',
    block: /^text\nnow/,
    expected: () => {
      const now = 1_747_444_837;
      const next = now - (now % 60) + 60;
      return `now ${now}  →  wait until ${next}, ${next - now} seconds\n`;
    },
  },
];

const matches = ({ page, info, content }: Block, entry: { readonly page: string; readonly block: RegExp }) =>
  entry.page === page && entry.block.test(`${info}\n${content}`);
const isListed = (block: Block): boolean =>
  [...RUN_ELSEWHERE, ...JUSTIFIED, ...COMPUTED].some((entry) => matches(block, entry));
/** Everything else must be commands, which run below. */
const commands = blocks.filter((block) => !isListed(block) && block.info === 'sh');

describe('every block of code', () => {
  it('shows a file, is run, is computed again, or is on a list with the reason', () => {
    expect(blocks.filter((block) => !isListed(block) && block.info !== 'sh').map(({ key }) => key)).toEqual(
      [],
    );
    expect(commands.length).toBeGreaterThan(10);
  });

  it('shows a file, with its path, on every generated page but those of the package APIs', () => {
    const dist = join(REPOSITORY, 'apps/docs/dist');
    const written = new Set(pages.map(({ path }) => path));
    const generated = readdirSync(dist, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.html') && !written.has(path))
      // The declarations are those of the API reports, which `npm run check` compares with the packages.
      .filter((path) => !path.startsWith('api/'));
    expect(generated.length).toBeGreaterThan(20);
    for (const path of generated) {
      const figures =
        readFileSync(join(dist, path), 'utf8').match(/<figure class="code">.*?<\/figure>/gs) ?? [];
      expect(
        figures.filter((figure) => !figure.includes('<figcaption>')),
        path,
      ).toEqual([]);
    }
  });

  it('is found by each entry of the lists', () => {
    const entries = [...RUN_ELSEWHERE, ...JUSTIFIED, ...COMPUTED];
    expect(entries.filter((entry) => !blocks.some((block) => matches(block, entry)))).toEqual([]);
  });

  it.each(RUN_ELSEWHERE)('$block of $page is read by $test', ({ page, test }) => {
    // A helper reads the guide for its tests by the names of its blocks.
    const reader = /runGuideBlock/.test(read(test))
      ? 'tooling/test-support/src/gateway/guide-blocks.ts'
      : test;
    expect(read(reader)).toContain(basename(page));
  });

  it.each(COMPUTED)('$block of $page has the computed values', ({ expected, ...entry }) => {
    const found = blocks.filter((block) => matches(block, entry));
    expect(found.map(({ content }) => content)).toEqual([expected()]);
  });
});

/** The packages of the workspace with what a reader installs beside them. */
const PACKAGES: Readonly<Record<string, string>> = {
  '@cpg/client': 'packages/client',
  '@cpg/protocol': 'packages/protocol',
  '@cpg/server-middleware': 'packages/server-middleware',
  '@cpg/conformance': 'apps/conformance',
};

describe('the commands', () => {
  it('install packages of the workspace, each with peers that it declares', () => {
    const lines = commands.flatMap(({ content }) => content.match(/^npm install .*$/gm) ?? []);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) {
      const names = line
        .split(' ')
        .slice(2)
        .filter((word) => !word.startsWith('-'));
      const own = names.filter((name) => name.startsWith('@cpg/'));
      const peers = own.flatMap((name) => {
        const manifest = JSON.parse(read(`${PACKAGES[name]}/package.json`)) as { peerDependencies?: object };
        return Object.keys(manifest.peerDependencies ?? {});
      });
      expect(
        names.filter((name) => !own.includes(name) && !peers.includes(name)),
        line,
      ).toEqual([]);
    }
  });

  it('start scripts that exist, and the gateway as the tests start it', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Readonly<Record<string, string>> };
    const started = blocks.flatMap(({ content }) =>
      [...content.matchAll(/npm run (\S+)/g)].map(([, name = '']) => name),
    );
    expect(started.filter((name) => scripts[name] === undefined)).toEqual([]);
    expect(scripts.sandbox).toMatch(/ exec env CPG_SANDBOX=true node apps\/gateway\/dist\/main\.js$/);
  });

  // The commands of a page run in one shell, in a folder of their own, against one gateway.
  itInCi('succeed as a reader types them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cpg-docs-'));
    const gateway = await startBuiltGateway();
    try {
      const bin = join(folder, 'bin');
      mkdirSync(bin);
      for (const [name, script] of Object.entries(createPrograms()))
        writeFileSync(join(bin, name), `#!/bin/sh\nset -e\n${script}`, { mode: 0o755 });
      const environment = {
        PATH: `${bin}:${process.env.PATH}`,
        HOME: folder,
        GOCACHE: join(tmpdir(), 'cpg-go-cache'),
        CPG_BASE_URL: gateway.url,
        CPG_KEY_ID: 'ck_demo_noperm',
        CPG_SECRET: 'cpg-demo-noperm-DO-NOT-USE-IN-PRODUCTION',
      };
      const runPage = async (file: string): Promise<string> => {
        const cwd = join(folder, file.replaceAll('/', '-'));
        mkdirSync(cwd);
        copyFileSync(join(REPOSITORY, 'apps/conformance/demo-keys.json'), join(cwd, 'keys.json'));
        copyFileSync(join(REPOSITORY, 'apps/conformance/adapters/bash/client.sh'), join(cwd, 'client.sh'));
        const script = commands
          .filter((block) => block.page === file)
          .map(({ content }) => content)
          .join('\n')
          .replaceAll('http://127.0.0.1:8787', gateway.url)
          .replaceAll('http://127.0.0.1:9787', gateway.operationsUrl)
          .replaceAll('https://api.example.com', gateway.url)
          .replaceAll('ck_doctor', 'ck_demo_noperm');
        const options = { cwd, env: environment };
        return run('sh', ['-eux', '-c', script], options).then(
          ({ stdout }) => stdout,
          (error: Error & { stdout?: string; stderr?: string }) =>
            `FAILED ${file}: ${error.stdout}${error.stderr ?? error.message}`,
        );
      };
      const printed: string[] = [];
      for (const file of new Set(commands.map((block) => block.page))) printed.push(await runPage(file));
      expect(printed.filter((text) => text.startsWith('FAILED'))).toEqual([]);
    } finally {
      await gateway.stop();
      rmSync(folder, { recursive: true });
    }
  });
});

/**
 * Programs as npm would install them. A run of the suite takes one case of each layer: `npm run conformance` takes
 * all of them.
 */
const createPrograms = (): Readonly<Record<string, string>> => {
  const node = (file: string): string => `exec '${process.execPath}' '${join(REPOSITORY, file)}' "$@"\n`;
  const links = Object.entries(PACKAGES).map(
    ([name, path]) => `ln -sfn '${join(REPOSITORY, path)}' node_modules/${name}`,
  );
  return {
    cpg: node('packages/client/dist/cli/cpg.js'),
    'cpg-doctor': node('packages/server-middleware/dist/cli.js'),
    'cpg-conformance': `case $1 in
server) set -- "$@" --run server-ping-data ;;
client) set -- "$@" --run client-call-ping ;;
vectors) set -- "$@" --run sign-worked-example ;;
timing) set -- "$@" --pairs 3 ;;
esac
${node('apps/conformance/dist/main.js')}`,
    npx: `if [ "$1" = -y ]; then shift; fi
if [ "$1" = -p ]; then shift 2; fi
if [ "$1" = @cpg/conformance ]; then shift; set -- cpg-conformance "$@"; fi
exec "$@"
`,
    npm: `case $1 in
install) mkdir -p node_modules/@cpg; ${links.join('; ')} ;;
run) test "$2" = sandbox ;;
*) exit 64 ;;
esac
`,
  };
};
