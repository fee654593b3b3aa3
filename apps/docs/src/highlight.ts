import { createHighlighterCore, type ThemedToken } from 'shiki/core';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';

// With less contrast, comments fail WCAG AA on the background of a code block.
const THEMES = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } as const;

/** The grammar of each language that a fence may name. */
const GRAMMARS: Readonly<Record<string, string>> = {
  sh: 'shellscript',
  bash: 'shellscript',
  python: 'python',
  js: 'javascript',
  ts: 'typescript',
  php: 'php',
  go: 'go',
  java: 'java',
  ruby: 'ruby',
  json: 'json',
  yaml: 'yaml',
  nginx: 'nginx',
  http: 'http',
};

/** The languages without a grammar: output of programs, and bytes. */
const PLAIN: readonly string[] = [
  '',
  'text',
  'hexdump',
  'console',
  'haproxy',
  'apache',
  'diff',
  'promql',
  'sql',
  'toml',
  'ini',
];

const highlighter = await createHighlighterCore({
  engine: createJavaScriptRegexEngine({ forgiving: true }),
  themes: [
    import('shiki/themes/github-light-high-contrast.mjs'),
    import('shiki/themes/github-dark-high-contrast.mjs'),
  ],
  langs: [
    import('shiki/langs/shellscript.mjs'),
    import('shiki/langs/python.mjs'),
    import('shiki/langs/javascript.mjs'),
    import('shiki/langs/typescript.mjs'),
    import('shiki/langs/php.mjs'),
    import('shiki/langs/go.mjs'),
    import('shiki/langs/java.mjs'),
    import('shiki/langs/ruby.mjs'),
    import('shiki/langs/json.mjs'),
    import('shiki/langs/yaml.mjs'),
    import('shiki/langs/nginx.mjs'),
    import('shiki/langs/http.mjs'),
  ],
});

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

// The content security policy forbids style attributes, so each pair of colors is a class.
const classes = new Map<string, string>();

const formatToken = ({ content, variants }: ThemedToken & { variants?: unknown }): string => {
  const { light, dark } = (variants ?? {}) as Readonly<Record<string, { readonly color?: string }>>;
  const colors = `${light?.color}/${dark?.color}`;
  if (content.trim() === '') return content;
  const name = classes.get(colors) ?? `c${classes.size}`;
  classes.set(colors, name);
  return `<span class="${name}">${escapeHtml(content)}</span>`;
};

/**
 * The HTML of highlighted code, without the element around it.
 *
 * @throws Error for a language that is not known
 */
export const highlight = (code: string, language: string): string => {
  if (PLAIN.includes(language)) return escapeHtml(code);
  const lang = GRAMMARS[language];
  if (lang === undefined) {
    const known = [...Object.keys(GRAMMARS), ...PLAIN].filter(Boolean).join(', ');
    throw new Error(`Expected a fence with one of the languages ${known}: got ${language}.`);
  }
  const lines = highlighter.codeToTokensWithThemes(code, { lang, themes: THEMES });
  return lines.map((line) => line.map(formatToken).join('')).join('\n');
};

/** The rules of the colors that were used until now. */
export const highlightStyles = (): string =>
  [...classes]
    .map(([colors, name]) => {
      const [light, dark] = colors.split('/');
      return `.${name}{color:light-dark(${light},${dark})}`;
    })
    .join('\n');
