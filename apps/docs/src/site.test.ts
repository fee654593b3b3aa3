import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { endpoints, isRejection, parseWebhookEvent, WEBHOOK_EVENTS } from '@cpg/protocol';
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
