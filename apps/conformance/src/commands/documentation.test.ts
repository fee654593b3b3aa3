import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { REJECTIONS } from '../core/rejections.ts';
import { SECTION_FRAGMENTS } from '../report/sections.ts';
import { catalogue } from './catalogue.ts';
import { program } from './main.ts';

const SECTION = /§\d+(?:\.\d+| restriction \d+)?/g;

const PACKAGE = join(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(join(PACKAGE, file), 'utf8');

/** The documentation of the command, on the site. */
const PAGE = '../docs/packages/conformance.md';
/** What is published with the command. */
const PUBLISHED = ['README.md', ...readdirSync(join(PACKAGE, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => !name.endsWith('.png'),
);

const COMMANDS = program(() => undefined).commands;
const OPTIONS = COMMANDS.flatMap(({ options }) => options.map(({ long }) => long ?? ''));

/** Options of other programs in the documentation: npm, the reader's own server, curl. */
const OF_CURL = ['--path-as-is', '--silent', '--output', '--retry', '--retry-delay', '--retry-connrefused'];
const OF_OTHERS = ['--save-dev', '--port', ...OF_CURL];

const optionsIn = (text: string): readonly string[] => text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? [];

describe('the documentation', () => {
  it.each([...PUBLISHED, PAGE])('%s names only existing options', (page) => {
    const known = [...OPTIONS, ...OF_OTHERS];
    expect(optionsIn(read(page)).filter((option) => !known.includes(option))).toEqual([]);
  });

  it.each(PUBLISHED)('%s refers only to files in the package', (page) => {
    const text = read(page).replaceAll(/\]\(https:[^)]*\)/g, '');
    const links = [...text.matchAll(/\]\(([^):#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) =>
      join(page, '..', link),
    );
    const paths = [...text.matchAll(/(?:^|[\s`/])((?:adapters|docs)\/[\w./-]+\w|demo-keys\.json)/gm)]
      .map(([, path = '']) => path)
      .filter((path) => !text.includes(`client/${path}`));
    const named = [...links, ...paths];
    const isPublished = (path: string): boolean =>
      existsSync(join(PACKAGE, path)) && packageJson.files.includes(relative('', path).split('/')[0] ?? '');
    expect(named.filter((path) => !isPublished(path))).toEqual([]);
  });

  it('names every option', () => {
    const named = optionsIn(read(PAGE));
    expect(OPTIONS.filter((option) => !named.includes(option))).toEqual([]);
  });

  it('names every command', () => {
    const page = read(PAGE);
    expect(COMMANDS.map((each) => each.name()).filter((name) => !page.includes(`\`${name}`))).toEqual([]);
  });

  it('names only existing options in the README of the repository', () => {
    const lines = read('../../README.md')
      .split('\n')
      .filter((line) => /cpg-conformance|@cpg\/conformance/.test(line));
    expect(lines.length).toBeGreaterThan(1);
    expect(optionsIn(lines.join('\n')).filter((option) => !OPTIONS.includes(option))).toEqual([]);
  });
});

const step = z.strictObject({
  name: z.string().optional(),
  if: z.string().optional(),
  uses: z
    .string()
    .regex(/^[\w-]+\/[\w-]+@v\d+$/)
    .optional(),
  with: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  run: z.string().optional(),
});

const workflow = z.strictObject({
  name: z.string(),
  on: z.array(z.enum(['push', 'pull_request'])),
  permissions: z.strictObject({}),
  jobs: z.record(
    z.string(),
    z.strictObject({
      'runs-on': z.string(),
      permissions: z.record(z.string(), z.enum(['read', 'write'])),
      steps: z.array(step.refine(({ uses, run }) => (uses === undefined) !== (run === undefined))),
    }),
  ),
});

/** Whether the wire protocol has a section: `1.2`, `2 restriction 3`, or `6.4` for a numbered rule of §6. */
const hasSection = (document: string, section: string): boolean => {
  const [, chapter = '', number] = /^(\d+)(?:\.(\d+)| restriction (?:\d+))?$/.exec(section) ?? [];
  const restriction = / restriction (\d+)$/.exec(section)?.[1];
  const start = document.indexOf(`\n## ${chapter}. `);
  if (start === -1) return false;
  const text = document.slice(start, (document.indexOf('\n## ', start + 1) + 1 || document.length + 1) - 1);
  if (restriction !== undefined) return text.includes(`\n| ${restriction}. `);
  if (number === undefined) return true;
  return text.includes(`\n### ${chapter}.${number} `) || text.includes(`\n${number}. `);
};

describe('the sections that cases cite', () => {
  const document = read('../../docs/wire-protocol.md');
  const cases = catalogue().map(({ id, spec }) => ({ id, sections: spec.match(SECTION) ?? [] }));

  it('are at least one for each case', () => {
    expect(cases.filter(({ sections }) => sections.length === 0)).toEqual([]);
  });

  it('exist in the wire protocol', () => {
    const isMissing = (section: string) => !hasSection(document, section.slice(1));
    expect(cases.filter(({ sections }) => sections.some(isMissing))).toEqual([]);
  });

  it('have the fragment that reports link to', () => {
    const slugs = [...document.matchAll(/^##+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    expect(Object.values(SECTION_FRAGMENTS).filter((fragment) => !slugs.includes(fragment))).toEqual([]);
    for (const [section, fragment] of Object.entries(SECTION_FRAGMENTS))
      expect(fragment.startsWith(section.replace('.', ''))).toBe(true);
  });

  it.each(['8', '0.1', '4.7', '6.9', '2 restriction 6', '1.4'])('would miss §%s', (section) => {
    expect(hasSection(document, section)).toBe(false);
  });
});

describe('the action', () => {
  const action = z
    .object({ runs: z.object({ steps: z.array(z.looseObject({ run: z.string().optional() })) }) })
    .parse(parse(read('action.yml')));
  const script = action.runs.steps.find(({ run }) => run !== undefined)?.run ?? '';

  it('runs its arguments as a shell would, with every report', () => {
    const bin = mkdtempSync(join(tmpdir(), 'cpg-action-'));
    writeFileSync(join(bin, 'npx'), '#!/bin/sh\nprintf "%s\\n" "$@"\n', { mode: 0o755 });
    const env = {
      PATH: `${bin}:${process.env.PATH}`,
      ARGUMENTS: `server --start 'node server.js --port 1' --url http://127.0.0.1:1`,
      VERSION: '1',
      RESULTS: 'out',
      GITHUB_STEP_SUMMARY: '/summary',
    };
    const { stdout } = spawnSync('bash', ['-e', '-c', script], { encoding: 'utf8', env });
    const [, , command, ...words] = stdout.trimEnd().split('\n');
    expect([command, ...words.slice(0, 4)]).toEqual([
      'server',
      '--start',
      'node server.js --port 1',
      '--url',
      'http://127.0.0.1:1',
    ]);
    expect(words.slice(4)).toEqual([
      ...['--jsonl', 'out/results.jsonl', '--junit', 'out/junit.xml'],
      ...['--html', 'out/conformance.html', '--markdown', '/summary'],
    ]);
    expect(optionsIn(words.join(' ')).filter((option) => ![...OPTIONS, '--port'].includes(option))).toEqual(
      [],
    );
  });
});

it.each(Object.values(REJECTIONS))(
  'the wire protocol has the message of a rejection: $message',
  ({ message }) => {
    expect(read('../../docs/wire-protocol.md').replace(/\s+/g, ' ')).toContain(message);
  },
);

describe('the workflow', () => {
  const { jobs } = workflow.parse(parse(read('docs/github-actions.yml')));
  const steps = jobs.conformance?.steps ?? [];
  const command = steps.find(({ run }) => run?.includes('@cpg/conformance'))?.run ?? '';

  it('is a valid command line', () => {
    const [npx, yes, name, layer, ...rest] = command.trim().split(/\s+/);
    expect([npx, yes, name]).toEqual(['npx', '-y', '@cpg/conformance']);
    const chosen = COMMANDS.find((each) => each.name() === layer);
    const known = chosen?.options.map(({ long }) => long) ?? [];
    expect(optionsIn(rest.join(' ')).filter((option) => !known.includes(option))).toEqual([]);
  });

  it('keeps the reports when the run has failed', () => {
    expect(steps.at(-1)).toMatchObject({ if: 'always()', with: { path: 'results' } });
  });
});
