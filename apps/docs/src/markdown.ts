import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import MarkdownIt, { type Token } from 'markdown-it';
import { escapeHtml, highlight } from './highlight.ts';

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** A heading of a page, which links can refer to. */
export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** Markdown as HTML, and what the rest of the site needs of it. */
export interface RenderedMarkdown {
  readonly title: string;
  /** The first paragraph, as text. */
  readonly description: string;
  readonly html: string;
  readonly headings: readonly Heading[];
}

interface Source {
  /** Relative to the repository, for relative links and error messages. */
  readonly file: string;
  /** Rewrites the target of a link. */
  readonly resolveLink: (href: string) => string;
  /** Rewrites the source of an image, and has it copied. */
  readonly resolveImage: (file: string) => string;
}

/** The id of a heading, as GitHub forms it. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');

/** One sample or one of several, with the name of its tab. */
export interface Sample {
  readonly name: string;
  readonly language: string;
  readonly code: string;
  /** The path of the shown file in the repository. */
  readonly file?: string | undefined;
}

const REPOSITORY_URL = 'https://github.com/cpg-dev/cpg/blob/main';

/** A block of code, with the path of the file it shows. */
export const codeBlock = ({ language, code, file }: Omit<Sample, 'name'>): string => {
  const caption =
    file === undefined
      ? ''
      : `<figcaption><a href="${REPOSITORY_URL}/${file}">${escapeHtml(file)}</a></figcaption>`;
  return `<figure class="code"><button type="button" class="copy" data-copy>Copy</button><pre tabindex="0"><code data-language="${language}">${highlight(code.replace(/\n$/, ''), language)}</code></pre>${caption}</figure>`;
};

let groups = 0;

/** Samples behind tabs. The choice of a reader holds for all pages: see `browser/theme.ts`. */
export const tabs = (samples: readonly Sample[]): string => {
  groups += 1;
  const rows = samples.map((sample, index) => {
    const id = slug(sample.name.replaceAll(/[@/]/g, ''));
    const [tab, panel] = [`tab-${groups}-${id}`, `panel-${groups}-${id}`];
    return {
      button: `<button type="button" role="tab" id="${tab}" aria-controls="${panel}" aria-selected="${index === 0}" tabindex="${index === 0 ? 0 : -1}" data-tab="${id}">${escapeHtml(sample.name)}</button>`,
      panel: `<div role="tabpanel" id="${panel}" aria-labelledby="${tab}" data-panel="${id}">${codeBlock(sample)}</div>`,
    };
  });
  return `<div class="tabs"><div role="tablist" aria-label="Language">${rows.map(({ button }) => button).join('')}</div>${rows.map(({ panel }) => panel).join('')}</div>`;
};

/** A fence of a Markdown file, whose tests run it: the one with a name, otherwise the first one under a heading. */
const readFence = (text: string, reference: string): string => {
  const name = reference.slice(reference.indexOf('#') + 1);
  const fence = '```(?:ts|yaml|sh|js)[^\\n]*\\n([\\s\\S]*?)^```';
  const named = new RegExp(`^\`\`\`ts ${name}\\n([\\s\\S]*?)^\`\`\``, 'm').exec(text)?.[1];
  const section = text.split(/^(?=#+ )/m).find((part) => slug(/^#+ (.*)$/m.exec(part)?.[1] ?? '') === name);
  const code = named ?? new RegExp(`^${fence}`, 'm').exec(section ?? '')?.[1];
  if (code === undefined) throw new Error(`Expected a fence ${reference}: got none.`);
  return code;
};

/** A file of the repository, or the part between `region NAME` and `endregion NAME` in its comments. */
export const readShownFile = (reference: string): { readonly code: string; readonly file: string } => {
  const [file = '', region] = reference.split('#');
  const text = readFileSync(join(REPOSITORY, file), 'utf8');
  if (region === undefined) return { code: text, file };
  if (file.endsWith('.md')) return { code: readFence(text, reference), file: reference };
  const part = new RegExp(`region ${region}\\n([\\s\\S]*?)\\n[^\\n]*endregion ${region}\\b`).exec(text)?.[1];
  if (part === undefined) throw new Error(`Expected region ${region} in ${file}: got none.`);
  const lines = part.split('\n');
  const indent = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return { code: `${lines.map((line) => line.slice(indent)).join('\n')}\n`, file };
};

/** What stands behind the language of a fence: `file=…`, `tab=…`. */
const readAttributes = (info: string): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    [...info.matchAll(/(\w+)=(?:"([^"]*)"|(\S+))/g)].map(([, name = '', quoted, plain]) => [
      name,
      quoted ?? plain,
    ]),
  );

const readSample = ({ info, content }: Token): Sample => {
  const [language = ''] = info.split(' ');
  const { file, tab = '' } = readAttributes(info);
  const shown = file === undefined ? { code: content } : readShownFile(file);
  return { name: tab, language, ...shown };
};

const samplesOf = ({ meta }: Token): Sample[] => meta?.samples as Sample[];

/** Joins consecutive fences with `tab=` to one token. */
const groupTabs = (tokens: readonly Token[]): Token[] => {
  const grouped: Token[] = [];
  for (const token of tokens) {
    const last = grouped.at(-1);
    const isTab = token.type === 'fence' && readAttributes(token.info).tab !== undefined;
    if (isTab && last?.type === 'tabs') samplesOf(last).push(readSample(token));
    else if (isTab)
      grouped.push(Object.assign(token, { type: 'tabs', meta: { samples: [readSample(token)] } }));
    else grouped.push(token);
  }
  return grouped;
};

const textOf = (token: Token | undefined): string =>
  (token?.children ?? []).map(({ type, content }) => (type === 'softbreak' ? ' ' : content)).join('');

const markHeadings = (tokens: readonly Token[]): Heading[] => {
  const counts = new Map<string, number>();
  let previous = 0;
  return tokens.flatMap((token, index) => {
    if (token.type !== 'heading_open') return [];
    // A level must not be skipped, as READMEs do to keep headings small.
    previous = Math.min(Number(token.tag.slice(1)), previous + 1);
    token.tag = `h${previous}`;
    const close = tokens[index + 2];
    if (close !== undefined) close.tag = token.tag;
    const text = textOf(tokens[index + 1]);
    const wanted = slug(text);
    const count = counts.get(wanted) ?? 0;
    counts.set(wanted, count + 1);
    const id = count === 0 ? wanted : `${wanted}-${count}`;
    token.attrSet('id', id);
    return [{ level: Number(token.tag.slice(1)), id, text }];
  });
};

const markdownIt = new MarkdownIt({ html: false, linkify: false, typographer: false });
markdownIt.renderer.rules.fence = (tokens, index) => codeBlock(readSample(tokens[index] as Token));
markdownIt.renderer.rules.code_block = (tokens, index) =>
  codeBlock({ language: 'text', code: (tokens[index] as Token).content });
markdownIt.renderer.rules.tabs = (tokens, index) => tabs(samplesOf(tokens[index] as Token));
// Wide tables scroll, which a keyboard can do in an element that takes the focus.
markdownIt.renderer.rules.table_open = () =>
  '<div class="table" tabindex="0" role="group" aria-label="Table"><table>';
markdownIt.renderer.rules.table_close = () => '</table></div>';
// A header without text is no header.
markdownIt.renderer.rules.th_open = (tokens, index) =>
  tokens[index + 1]?.content === '' ? '<td>' : '<th scope="col">';
markdownIt.renderer.rules.th_close = (tokens, index) =>
  tokens[index - 1]?.content === '' ? '</td>' : '</th>';
markdownIt.renderer.rules.heading_close = (tokens, index) => {
  const { tag } = tokens[index] as Token;
  const open = tokens[index - 2] as Token;
  const text = escapeHtml(textOf(tokens[index - 1]));
  const anchor = `<a class="anchor" href="#${open.attrGet('id')}" aria-label="Link to ${text}">#</a>`;
  return tag === 'h1' ? '</h1>' : ` ${anchor}</${tag}>`;
};

/** A block of code in Markdown. */
export interface CodeBlock {
  /** What stands behind the backticks; `text` for an indented block. */
  readonly info: string;
  readonly content: string;
  /** The file that the block shows, if it has no content of its own. */
  readonly shown: string | undefined;
}

/** Every block of code, fenced or indented, also in lists and quotes. */
export const readCodeBlocks = (text: string): CodeBlock[] =>
  markdownIt
    .parse(text, {})
    .filter(({ type }) => type === 'fence' || type === 'code_block')
    .map(({ type, info, content }) => ({
      info: type === 'fence' ? info : 'text',
      content,
      shown: readAttributes(info).file,
    }));

/** Renders Markdown: fences with `file=` show that file, consecutive ones with `tab=` are behind tabs. */
export const renderMarkdown = (
  text: string,
  { file, resolveLink, resolveImage }: Source,
): RenderedMarkdown => {
  const tokens = groupTabs(markdownIt.parse(text, {}));
  const headings = markHeadings(tokens);
  for (const link of tokens.flatMap(({ children }) => children ?? [])) {
    if (link.type === 'link_open') link.attrSet('href', resolveLink(`${link.attrGet('href')}`));
  }
  for (const image of tokens.flatMap(({ children }) => children ?? [])) {
    if (image.type !== 'image') continue;
    const path = resolveRepositoryPath(file, `${image.attrGet('src')}`);
    // Without its size, the page would move when it arrives.
    const png = readFileSync(join(REPOSITORY, path));
    image.attrSet('width', `${png.readUInt32BE(16)}`);
    image.attrSet('height', `${png.readUInt32BE(20)}`);
    image.attrSet('loading', 'lazy');
    image.attrSet('src', resolveImage(path));
  }
  const title = headings.find(({ level }) => level === 1)?.text;
  if (title === undefined) throw new Error(`Expected a heading of level 1 in ${file}: got none.`);
  const paragraph = tokens.findIndex(({ type }) => type === 'paragraph_open');
  return {
    title,
    description: textOf(tokens[paragraph + 1]),
    html: markdownIt.renderer.render(tokens, markdownIt.options, {}),
    headings: headings.filter(({ level }) => level > 1),
  };
};

/** Renders one line of Markdown, without a paragraph around it. */
export const renderInline = (text: string): string => markdownIt.renderInline(text);

/** The path in the repository that a relative link in a file names. */
export const resolveRepositoryPath = (file: string, href: string): string =>
  normalize(join(dirname(file), href)).replace(/\/$/, '');

export const repositoryUrl = (path: string): string => `${REPOSITORY_URL}/${path}`;
