import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { CPG_ERROR_CODES } from '@cpg/client';
import {
  endpoints,
  isRejection,
  PROTOCOL_ERROR_CODES,
  parseWebhookEvent,
  REJECTIONS,
  WEBHOOK_EVENTS,
} from '@cpg/protocol';
import { SERVER_MIDDLEWARE_ERROR_CODES } from '@cpg/server-middleware';
import { describe, expect, it } from 'vitest';
import {
  createOperationSample,
  OPERATIONS,
  type OperationId,
  operationSlug,
} from './reference/operations.ts';
import { SAMPLE_LANGUAGES } from './reference/samples.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const REPOSITORY = join(PACKAGE, '../..');
const DIST = join(PACKAGE, 'dist');

const read = (path: string): string => readFileSync(join(DIST, path), 'utf8');
const files = readdirSync(DIST, { recursive: true, encoding: 'utf8' });
const pages = new Map(files.filter((path) => path.endsWith('.html')).map((path) => [path, read(path)]));
const idsOf = (html: string): Set<string> =>
  new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id = '']) => id));
const ids = new Map([...pages].map(([path, html]) => [path, idsOf(html)]));
const operations = Object.keys(OPERATIONS) as OperationId[];

const MAX_BYTES = 150 * 1024;
const OWN_REPOSITORY = 'https://github.com/cpg-dev/cpg/blob/main/';

/** What is wrong with a link of a page; `undefined` when it leads somewhere. */
const findMistake = (from: string, href: string): string | undefined => {
  if (href.startsWith(OWN_REPOSITORY)) {
    const file = href.slice(OWN_REPOSITORY.length).split('#')[0] ?? '';
    return existsSync(join(REPOSITORY, file)) ? undefined : 'no such file in the repository';
  }
  if (/^[a-z]+:/.test(href)) return undefined;
  const [file = '', anchor] = href.split('#');
  const target = file === '' ? from : posix.join(posix.dirname(from), file);
  if (!files.includes(target)) return 'no such file in the site';
  if (anchor === undefined || ids.get(target)?.has(decodeURIComponent(anchor))) return undefined;
  return 'no such anchor';
};

describe('the built site', () => {
  it('has a page for every endpoint and every webhook event', () => {
    const expected = [
      ...Object.keys(endpoints).map((id) => `reference/${operationSlug(id as OperationId)}.html`),
      ...Object.keys(WEBHOOK_EVENTS).map((event) => `reference/webhooks/${event.replace('.', '-')}.html`),
    ];
    expect(expected.filter((path) => !pages.has(path))).toEqual([]);
    expect(expected).toHaveLength(15);
  });

  it('has no broken link and no broken anchor', () => {
    const broken = [...pages].flatMap(([path, html]) =>
      [...html.matchAll(/ (?:href|src)="([^"]*)"/g)]
        .map(([, href = '']) => ({ path, href, mistake: findMistake(path, href) }))
        .filter(({ mistake }) => mistake !== undefined),
    );
    expect(broken).toEqual([]);
  });

  it('is checked by a link checker that finds what is broken', () => {
    expect(findMistake('index.html', 'guides/nowhere.html')).toBe('no such file in the site');
    expect(findMistake('guides/errors.html', '../index.html#nowhere')).toBe('no such anchor');
    expect(findMistake('index.html', `${OWN_REPOSITORY}nowhere.md`)).toBe('no such file in the repository');
    expect(findMistake('guides/errors.html', '../index.html#start-here')).toBeUndefined();
  });

  it('has each id once in a page', () => {
    const twice = [...pages].flatMap(([path, html]) => {
      const all = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
      return all.filter((id, index) => all.indexOf(id) !== index).map((id) => `${path}#${id}`);
    });
    expect(twice).toEqual([]);
  });

  it('loads nothing from another host, and has neither inline programs nor inline styles', () => {
    for (const [path, html] of pages) {
      const loaded = [...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*(?:src|href)="([^"]*)"/g)];
      expect(
        loaded.map(([, url = '']) => url).filter((url) => /^(?:[a-z]+:|\/)/.test(url)),
        path,
      ).toEqual([]);
      expect(html, path).not.toMatch(/<script(?![^>]* src=)|<style|\sstyle="|\son[a-z]+="/);
    }
    expect(read('assets/style.css')).not.toMatch(/url\(|@import/);
  });

  it('sends at most 150 KiB for each page, compressed, with everything it loads', () => {
    const weigh = (path: string): number => gzipSync(readFileSync(join(DIST, path))).length;
    const heavy = [...pages].map(([path, html]) => {
      const loaded = [...html.matchAll(/<(?:script|link)\b[^>]*(?:src|href)="([^"]*)"/g)];
      const assets = loaded.map(([, url = '']) => posix.join(posix.dirname(path), url));
      return { path, bytes: [path, ...assets].reduce((sum, each) => sum + weigh(each), 0) };
    });
    expect(heavy.filter(({ bytes }) => bytes > MAX_BYTES)).toEqual([]);
  });
});

/** Every match of a pattern in the sources of a folder, but not in their tests. */
const collect = (folder: string, pattern: RegExp): string[] => {
  const sources = readdirSync(join(REPOSITORY, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(REPOSITORY, folder, file), 'utf8'));
  return [
    ...new Set(sources.flatMap((source) => [...source.matchAll(pattern)].map(([, found]) => found ?? ''))),
  ];
};

/** The codes that the packages define, found in their sources, by the page that must explain them. */
const CODES: readonly (readonly [
  page: string,
  source: string,
  codes: () => readonly string[],
  atLeast: number,
])[] = [
  ['wire', 'packages/protocol/src', () => Object.keys(REJECTIONS), 25],
  [
    'protocol',
    'packages/protocol/src',
    () => collect('packages/protocol/src', /new ProtocolError\(\s*'(\w+)'/g),
    5,
  ],
  ['protocol', 'packages/protocol/src', () => Object.keys(PROTOCOL_ERROR_CODES), 10],
  [
    'client',
    'packages/client/src',
    () =>
      collect(
        'packages/client/src',
        /new (?:Cpg|Configuration|Callback|InvalidRequest|Webhook|Aborted)\w*Error\(\s*'([a-z_]+)'/g,
      ),
    4,
  ],
  ['client', 'packages/client/src', () => Object.keys(CPG_ERROR_CODES), 20],
  [
    'server-middleware',
    'packages/server-middleware/src',
    () => collect('packages/server-middleware/src', /new ServerMiddlewareError\(\s*'(\w+)'/g),
    10,
  ],
  [
    'server-middleware',
    'packages/server-middleware/src',
    () => Object.keys(SERVER_MIDDLEWARE_ERROR_CODES),
    20,
  ],
  [
    'findings',
    'packages/protocol/src/explain',
    () => collect('packages/protocol/src/explain', /code: '(\w+)'/g),
    30,
  ],
  [
    'doctor',
    'packages/server-middleware/src (but the script for Redis, in Lua)',
    () =>
      collect(
        'packages/server-middleware/src',
        /(?:(?<!then return )\b(?:ok|warning|failure)\(\s*|check = |\bcheck: )'([^']+)'[,;]/g,
      ).map((check) => check.replaceAll(/[ /]/g, '-')),
    25,
  ],
  ['gateway', 'apps/gateway/src', () => collect('apps/gateway/src', /new StartError\(\s*'(\w+)'/g), 10],
  [
    'gateway',
    'the log of apps/gateway/src',
    () => [
      ...collect('apps/gateway/src', /(?:logger\.\w+|JSON\.stringify)\(\{[^}]*code: '(\w+)'/g),
      ...collect('apps/gateway/src/chain', /: '(\w+_failed)'/g),
    ],
    4,
  ],
  [
    'commands',
    'cpg',
    () => collect('packages/client/src/cli', /EXIT_\w+ = (\d+);/g).map((code) => `cpg-${code}`),
    4,
  ],
  [
    'commands',
    'cpg-conformance',
    () =>
      collect('apps/conformance/src/core', /EXIT_CODES = [\s\S]*?freeze\(\{([\s\S]*?)\}/g)
        .flatMap((table) => table.match(/\d+/g) ?? [])
        .map((code) => `cpg-conformance-${code}`),
    4,
  ],
  [
    'commands',
    'cpg-doctor',
    () =>
      collect('packages/server-middleware/src/doctor', /return [^;\n]*? (?:0|1) : (\d);/g).map(
        (code) => `cpg-doctor-${code}`,
      ),
    2,
  ],
  [
    'commands',
    'gateway',
    () =>
      collect('apps/gateway/src', /(?:process\.exit\(|exit\(log, |process\.exitCode = )(\d)/g).map(
        (code) => `gateway-${code}`,
      ),
    2,
  ],
  [
    'commands',
    'gateway:audit',
    () =>
      collect('apps/gateway/src', /Exit codes: (0 all hold, 1 a\s+\*? ?violation, 2 an error)/g)
        .flatMap((text) => text.match(/\d/g) ?? [])
        .map((code) => `gateway-audit-${code}`),
    3,
  ],
];

describe('the pages of errors', () => {
  it.each(CODES)('%s explains every code of %s', (page, _source, codes, atLeast) => {
    const found = codes();
    expect(found.length).toBeGreaterThanOrEqual(atLeast);
    const anchors = ids.get(`errors/${page}.html`);
    expect(found.filter((code) => !anchors?.has(code))).toEqual([]);
  });

  it('say what to do about each code', () => {
    for (const [path, html] of pages) {
      if (!path.startsWith('errors/') || path === 'errors/findings.html') continue;
      const sections = html.match(/<section class="error">.*?<\/section>/gs) ?? [];
      expect(
        sections.filter((section) => (section.match(/<p[ >]/g) ?? []).length < 2),
        path,
      ).toEqual([]);
    }
  });
});

describe('the samples', () => {
  it.each(SAMPLE_LANGUAGES)(
    'in $name are as `pnpm --filter @cpg/docs run samples` writes them',
    (language) => {
      for (const id of operations) {
        const file = join(REPOSITORY, language.folder, language.fileName(operationSlug(id)));
        expect(readFileSync(file, 'utf8')).toBe(language.write(createOperationSample(id)));
      }
    },
  );

  it.each(operations)('%s: the example response follows the definition', (id) => {
    const file = join(PACKAGE, 'responses', `${operationSlug(id)}.json`);
    expect(() => endpoints[id].response.parse(JSON.parse(readFileSync(file, 'utf8')))).not.toThrow();
  });

  it.each(Object.keys(WEBHOOK_EVENTS))('%s: the example follows the definition', (event) => {
    const body = readFileSync(join(PACKAGE, 'events', `${event.replace('.', '-')}.json`));
    const parsed = parseWebhookEvent(body);
    expect(isRejection(parsed)).toBe(false);
    expect(parsed).toMatchObject({ event });
  });
});
