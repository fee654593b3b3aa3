import MiniSearch, { type Options } from 'minisearch';
import type { Page } from './layout.ts';

/** A part of a page, under one heading. */
export interface SearchEntry {
  readonly id: number;
  /** Relative to the root of the site. */
  readonly url: string;
  readonly title: string;
  readonly heading: string;
  readonly text: string;
}

/** The same when the index is built and when a page loads it. */
export const SEARCH_OPTIONS: Options<SearchEntry> = {
  fields: ['title', 'heading', 'text'],
  storeFields: ['url', 'title', 'heading', 'excerpt'],
  extractField: (entry, field) =>
    field === 'excerpt' ? entry.text.slice(0, 140) : `${entry[field as keyof SearchEntry]}`,
  searchOptions: { boost: { title: 3, heading: 4 }, prefix: true, fuzzy: 0.15, combineWith: 'AND' },
};

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

const toText = (html: string): string =>
  html
    .replaceAll(/<button[\s\S]*?<\/button>|<a class="anchor"[\s\S]*?<\/a>/g, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll(/&(\w+);/g, (all, name) => ENTITIES[name] ?? all)
    .replaceAll(/\s+/g, ' ')
    .trim();

const splitAtHeadings = ({ html, path, title }: Page): Omit<SearchEntry, 'id'>[] =>
  html.split(/(?=<h[23] id=")/).map((part) => {
    const [whole = '', id, heading] = /^<h[23] id="([^"]*)">([\s\S]*?)<\/h[23]>/.exec(part) ?? [];
    const url = id === undefined ? path : `${path}#${id}`;
    return { url, title, heading: toText(heading ?? ''), text: toText(part.slice(whole.length)) };
  });

/** The index that the pages search in, as JSON. */
export const createSearchIndex = (pages: readonly Page[]): string => {
  const index = new MiniSearch<SearchEntry>(SEARCH_OPTIONS);
  index.addAll(pages.flatMap(splitAtHeadings).map((entry, id) => ({ id, ...entry })));
  return JSON.stringify(index);
};
