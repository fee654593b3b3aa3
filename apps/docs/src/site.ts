import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { createErrorPages } from './errors/pages.ts';
import { highlightStyles } from './highlight.ts';
import { type NavigationSection, type Page, relativePath, renderPage } from './layout.ts';
import { REPOSITORY, renderMarkdown, repositoryUrl, resolveRepositoryPath } from './markdown.ts';
import { DOCUMENTS, GUIDES, type MarkdownPage, type MarkdownSection } from './navigation.ts';
import { createApiPages } from './reference/api-pages.ts';
import { createReference } from './reference/pages.ts';
import { createSearchIndex } from './search.ts';
import { TOOLS } from './tools.ts';

/** Files of the built site by path. */
export type Site = ReadonlyMap<string, string | Buffer>;

/** The page of the site that shows a file of the repository. GitHub shows the README of a folder. */
const PAGES_BY_FILE: ReadonlyMap<string, string> = new Map(
  [...GUIDES, ...DOCUMENTS]
    .flatMap(({ pages }) => pages)
    .flatMap(({ file, path }) =>
      posix.basename(file) === 'README.md'
        ? ([
            [file, path],
            [posix.dirname(file), path],
          ] as const)
        : ([[file, path]] as const),
    ),
);

/** A link in Markdown, which names a file of the repository or, after `site:`, of the site, as a link of the site. */
const resolveLink = (page: MarkdownPage, href: string): string => {
  if (href.startsWith('site:')) return relativePath(page.path, href.slice('site:'.length));
  if (/^[a-z]+:/.test(href) || href.startsWith('#')) return href;
  const [file = '', anchor] = href.split('#');
  const path = resolveRepositoryPath(page.file, file);
  const target = PAGES_BY_FILE.get(path);
  const suffix = anchor === undefined ? '' : `#${anchor}`;
  return target === undefined
    ? `${repositoryUrl(path)}${suffix}`
    : relativePath(page.path, `${target}${suffix}`);
};

const images = new Map<string, Buffer>();

const resolveImage = (page: MarkdownPage, file: string): string => {
  const path = `assets/images/${posix.basename(file)}`;
  images.set(path, readFileSync(join(REPOSITORY, file)));
  return relativePath(page.path, path);
};

const readMarkdownPage = (page: MarkdownPage): Page => {
  const text = readFileSync(join(REPOSITORY, page.file), 'utf8');
  const source = {
    file: page.file,
    resolveLink: (href: string) => resolveLink(page, href),
    resolveImage: (file: string) => resolveImage(page, file),
  };
  const rendered = renderMarkdown(text, source);
  return { ...rendered, path: page.path, label: page.label ?? rendered.title, source: page.file };
};

const readSection = ({ name, pages }: MarkdownSection): NavigationSection => ({
  name,
  pages: pages.map(readMarkdownPage),
});

/** Builds every file of the site but the programs of its pages. */
export const createSite = (): Site => {
  const sections: NavigationSection[] = [
    ...GUIDES.map(readSection),
    ...createReference(),
    TOOLS,
    createErrorPages(),
    ...DOCUMENTS.map(readSection),
    createApiPages(),
  ];
  const pages = sections.flatMap((section) => section.pages);
  const style = readFileSync(new URL('style.css', import.meta.url), 'utf8');
  return new Map<string, string | Buffer>([
    ...pages.map((page) => [page.path, renderPage(page, sections)] as const),
    ['assets/style.css', `${style}\n${highlightStyles()}\n`],
    ...images,
    ['assets/search.json', createSearchIndex(pages)],
  ]);
};
