import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from '../highlight.ts';
import type { NavigationSection, Page } from '../layout.ts';
import { codeBlock, REPOSITORY, renderInline, slug } from '../markdown.ts';
import { readComment } from './fields.ts';

const PACKAGES = ['client', 'server-middleware', 'protocol'];

const EXPORT =
  /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s+export (?:declare )?(?:abstract )?(?:const|function|class|interface|type) (\w+)/g;

/** The docstring of every export of a package, by name; up to its first tag. */
const readDocstrings = (name: string): ReadonlyMap<string, string> => {
  const folder = join(REPOSITORY, 'packages', name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(EXPORT)])
      .map(([, comment = '', exported = '']) => [
        exported,
        readComment(comment.replace(/\n\s*\*\s*@[\s\S]*$/, '')),
      ]),
  );
};

const DECLARATION =
  /^export (?:declare )?(?:abstract )?(?:const|function|class|interface|type|namespace) (\w+)/m;

interface Declaration {
  readonly name: string;
  readonly code: string;
}

/** One entry for a function with its overloads, and for a value and a type of one name. */
const mergeOverloads = (declarations: readonly Declaration[]): Declaration[] => {
  const merged = new Map<string, string>();
  for (const { name, code } of declarations) {
    const known = merged.get(name);
    merged.set(name, known === undefined ? code : `${known}\n\n${code}`);
  }
  return [...merged].map(([name, code]) => ({ name, code }));
};

/** The declarations in a report of API Extractor, which CI compares with what the package exports. */
const readDeclarations = (report: string): Declaration[] => {
  const [, text = ''] = /```ts\n([\s\S]*?)\n```/.exec(report) ?? [];
  return text.split(/\n\n(?=\/\/ @public)/).flatMap((block) => {
    const name = DECLARATION.exec(block)?.[1];
    // A report ends with notes to its reader.
    const code = block
      .split('\n\n// (No @packageDocumentation')[0]
      ?.replaceAll(/^\s*\/\/ (?:@public|\(undocumented\)|Warning).*\n/gm, '')
      .trim();
    return name === undefined || code === undefined ? [] : [{ name, code }];
  });
};

const createApiPage = (name: string): Page => {
  const folder = join(REPOSITORY, 'packages', name, 'api');
  const docstrings = readDocstrings(name);
  const entryPoints = readdirSync(folder)
    .toSorted((left, right) => left.length - right.length)
    .map((file) => {
      const subpath = file.slice(name.length, -'.api.md'.length).replace('-', '/');
      const declarations = readDeclarations(readFileSync(join(folder, file), 'utf8'));
      return { importPath: `@cpg/${name}${subpath}`, declarations: mergeOverloads(declarations) };
    });
  const headings = entryPoints.map(({ importPath }) => ({
    level: 2,
    id: slug(importPath),
    text: importPath,
  }));
  const sections = entryPoints.map(({ importPath, declarations }) => {
    const id = slug(importPath);
    // Not colored: that would triple the time of the build.
    const items = declarations.map((declaration) => {
      const text = docstrings.get(declaration.name);
      const anchor = `${id}-${declaration.name}`;
      return `<h3 id="${anchor}"><code>${escapeHtml(declaration.name)}</code> <a class="anchor" href="#${anchor}" aria-label="Link to ${declaration.name}">#</a></h3>${text === undefined ? '' : `<p>${renderInline(text)}</p>`}${codeBlock({ language: 'text', code: declaration.code })}`;
    });
    return `<h2 id="${id}"><code>${importPath}</code> <a class="anchor" href="#${id}" aria-label="Link to ${importPath}">#</a></h2>${items.join('')}`;
  });
  return {
    path: `api/${name}.html`,
    title: `API of @cpg/${name}`,
    label: `@cpg/${name}`,
    description: `Every export of @cpg/${name}, with its types.`,
    html: `<h1>API of @cpg/${name}</h1><p>Every export, with its types. What it does for you, in context: <a href="../packages/${name}.html">@cpg/${name}</a>.</p>${sections.join('')}`,
    headings,
    source: `packages/${name}/src/index.ts`,
  };
};

/** A page for each library: its exports, with their docstrings. */
export const createApiPages = (): NavigationSection => ({
  name: 'Package API',
  pages: PACKAGES.map(createApiPage),
});
