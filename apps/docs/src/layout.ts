import { posix } from 'node:path';
import { escapeHtml } from './highlight.ts';
import type { Heading } from './markdown.ts';

/** A page of the site, before the frame is put around it. */
export interface Page {
  /** The file in the built site. */
  readonly path: string;
  readonly title: string;
  /** In the navigation. */
  readonly label: string;
  readonly description: string;
  readonly html: string;
  readonly headings: readonly Heading[];
  /** A method in front of the label, as `GET`. */
  readonly badge?: string;
  /** Programs of the page, by their names in `assets`. */
  readonly scripts?: readonly string[];
  /** The source in the repository, for "Edit this page". */
  readonly source: string;
  /** Without the list of headings: the page needs the width. */
  readonly isWide?: boolean;
}

export interface NavigationSection {
  readonly name: string;
  readonly pages: readonly Page[];
}

/** The address of one file of the site, relative to a page. The site works under any path, and from a folder. */
export const relativePath = (from: string, to: string): string => {
  const [file = '', anchor] = to.split('#');
  const path = file === '' ? '' : posix.relative(posix.dirname(from), file);
  return anchor === undefined ? path : `${path}#${anchor}`;
};

const badge = (method: string): string => `<span class="method ${method.toLowerCase()}">${method}</span>`;

const navigation = (sections: readonly NavigationSection[], current: string): string =>
  sections
    .map(({ name, pages }) => {
      const links = pages.map((page) => {
        const here = page.path === current ? ' aria-current="page"' : '';
        const prefix = page.badge === undefined ? '' : badge(page.badge);
        return `<li><a href="${relativePath(current, page.path)}"${here}><span>${escapeHtml(page.label)}</span>${prefix}</a></li>`;
      });
      return `<section><h2>${name}</h2><ul>${links.join('')}</ul></section>`;
    })
    .join('');

const outline = ({ headings, isWide }: Page): string => {
  const shown = headings.filter(({ level }) => level <= 3);
  if (isWide || shown.length < 2) return '';
  const items = shown.map(
    ({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${escapeHtml(text)}</a></li>`,
  );
  return `<nav class="outline" aria-label="On this page"><h2>On this page</h2><ul>${items.join('')}</ul></nav>`;
};

const neighbors = (sections: readonly NavigationSection[], { path }: Page): string => {
  const pages = sections.flatMap((section) => section.pages);
  const index = pages.findIndex((page) => page.path === path);
  const link = (page: Page | undefined, label: string) =>
    page === undefined
      ? '<span></span>'
      : `<a href="${relativePath(path, page.path)}"><small>${label}</small>${escapeHtml(page.label)}</a>`;
  return `<nav class="neighbors" aria-label="Previous and next page">${link(pages[index - 1], 'Previous')}${link(pages[index + 1], 'Next')}</nav>`;
};

const ICONS = {
  search:
    '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4"/></svg>',
  theme:
    '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><circle cx="8" cy="8" r="6"/><path d="M8 2a6 6 0 0 1 0 12z" class="filled"/></svg>',
  menu: '<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12"/></svg>',
};

/** The whole document of a page. Styles and programs are files, so that the strictest policy allows them. */
export const renderPage = (page: Page, sections: readonly NavigationSection[]): string => {
  const { path, title, description, html, scripts = [], source, isWide = false } = page;
  const root = relativePath(path, 'index.html').replace(/index\.html$/, '');
  const programs = ['site', ...scripts].map(
    (name) => `<script type="module" src="${root}assets/${name}.js"></script>`,
  );
  const headline = path === 'index.html' ? 'CPG' : `${title} · CPG`;
  return `<!doctype html>
<html lang="en" data-root="${root || './'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(headline)}</title>
<meta name="description" content="${escapeHtml(description)}">
<link rel="icon" href="${root}assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${root}assets/style.css">
<script src="${root}assets/theme.js"></script>
${programs.join('\n')}
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<button type="button" class="menu" aria-expanded="false" aria-controls="navigation" aria-label="Menu">${ICONS.menu}</button>
<a class="brand" href="${root}index.html">CPG <span>Docs</span></a>
<button type="button" class="search" data-search>${ICONS.search}<span>Search</span><kbd>/</kbd></button>
<button type="button" class="theme" data-theme-toggle aria-label="Light or dark">${ICONS.theme}</button>
</header>
<div class="frame${isWide ? ' wide' : ''}">
<nav id="navigation" class="navigation" aria-label="Pages">${navigation(sections, path)}</nav>
<main id="content" tabindex="-1">
<article>${html}</article>
${path === 'index.html' ? '' : neighbors(sections, page)}
<footer><a href="https://github.com/cpg-dev/cpg/blob/main/${source}">Source of this page</a></footer>
</main>
${outline(page)}
</div>
<dialog class="search-dialog" aria-label="Search"><form method="dialog"><input type="search" aria-label="Search the documentation" placeholder="Search the documentation" autocomplete="off" spellcheck="false"><button class="close">Close</button></form><p role="status"></p><ol></ol></dialog>
</body>
</html>
`;
};
