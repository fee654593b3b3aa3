// Checks that published manifests name the repository, so that npm links to it and provenance can be verified, pack their
// sources, let bundlers drop unused files, and have types for `moduleResolution: node10`; and that links in READMEs lead to
// a file, and a heading, of the repository. Those of packages are read on npm, so they are absolute. Each decision has a number
// of its own.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from './program.ts';

const PUBLISHED = ['packages/protocol', 'packages/client', 'packages/server-middleware', 'apps/conformance'];

interface Manifest {
  readonly description?: string;
  readonly license?: string;
  readonly repository?: { readonly url?: string; readonly directory?: string };
  readonly homepage?: string;
  readonly bugs?: string;
  readonly keywords?: readonly string[];
  readonly files?: readonly string[];
  readonly sideEffects?: unknown;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly typesVersions?: { readonly '*'?: Readonly<Record<string, readonly string[]>> };
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
}

const readManifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(REPOSITORY_ROOT, folder, 'package.json'), 'utf8')) as Manifest;

/** The fields that a published manifest repeats from the root manifest, which holds the repository's address. */
const expectedFor = (folder: string, root: Manifest) => ({
  license: root.license,
  repository: { ...root.repository, directory: folder },
  homepage: `${root.homepage?.replace(/#readme$/, '')}/tree/main/${folder}#readme`,
  bugs: root.bugs,
});

/** The declarations of each subpath for `require`, which node10 does not find in `exports`. */
const getSubpathTypes = (
  exports: Readonly<Record<string, unknown>>,
): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    Object.entries(exports).flatMap(([name, target]) => {
      const { types } = ((target as { readonly require?: unknown }).require ?? {}) as {
        readonly types?: string;
      };
      return name === '.' || types === undefined ? [] : [[name.slice(2), [types]]];
    }),
  );

/** The fragments of the headings in Markdown, as GitHub forms them. */
const findFragments = (markdown: string): readonly string[] =>
  [...markdown.replaceAll(/```[\s\S]*?```/g, '').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Whether a path, with or without a fragment, is a file of the repository that has this heading. */
const exists = (path: string): boolean => {
  const [file = '', fragment] = path.split('#');
  const target = join(REPOSITORY_ROOT, file);
  if (!existsSync(target)) return false;
  return fragment === undefined || findFragments(readFileSync(target, 'utf8')).includes(fragment);
};

/** The targets of links that lead nowhere in the repository, and of relative ones in what npm shows. */
const findBrokenLinks = async (folder: string, repository: string): Promise<readonly string[]> => {
  const readme = await readFile(join(REPOSITORY_ROOT, folder, 'README.md'), 'utf8');
  const prose = readme.replaceAll(/```[\s\S]*?```/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string);
  return targets.filter((target) => {
    if (target.startsWith('#')) return !findFragments(readme).includes(target.slice(1));
    const [, path] = target.split(/^https:\/\/github\.com\/cpg-dev\/cpg\/(?:blob|tree)\/main\/(.+)/);
    if (path !== undefined) return !exists(path);
    if (target.startsWith('https://')) return target.startsWith(`${repository}/blob`);
    return PUBLISHED.includes(folder) || !exists(join(folder, target));
  });
};

const root = await readManifest('.');
const repository = root.homepage?.replace(/#readme$/, '') ?? '';
const problems: string[] = [];
for (const folder of PUBLISHED) {
  const manifest = await readManifest(folder);
  for (const [field, value] of Object.entries(expectedFor(folder, root))) {
    const [actual, expected] = [manifest[field as keyof Manifest], value].map((each) => JSON.stringify(each));
    if (actual !== expected) problems.push(`${folder}: expected ${field} ${expected}, got ${actual}.`);
  }
  const { description, keywords = [], files = [], publishConfig } = manifest;
  if (!description) problems.push(`${folder}: expected a description.`);
  if (keywords.length === 0) problems.push(`${folder}: expected keywords.`);
  if (!files.includes('src')) problems.push(`${folder}: expected src in files, for the source maps.`);
  if (publishConfig?.access !== 'public' || publishConfig.provenance !== true)
    problems.push(`${folder}: expected publishConfig with access public and provenance true.`);
}
for (const folder of ['.', 'apps/gateway', ...PUBLISHED]) {
  for (const target of await findBrokenLinks(folder, repository)) {
    problems.push(
      `${folder}/README.md: expected a link to a file and heading that exist, absolute in a package, got ${target}.`,
    );
  }
}
for (const folder of PUBLISHED.filter((path) => path.startsWith('packages/'))) {
  const { sideEffects, exports = {}, typesVersions } = await readManifest(folder);
  if (sideEffects !== false) problems.push(`${folder}: expected sideEffects false.`);
  const [actual, expected] = [typesVersions, { '*': getSubpathTypes(exports) }].map((each) =>
    JSON.stringify(each),
  );
  if (actual !== expected) problems.push(`${folder}: expected typesVersions ${expected}, got ${actual}.`);
}
const decisions = readdirSync(join(REPOSITORY_ROOT, 'docs/decisions')).map((file) => file.slice(0, 4));
for (const number of decisions.filter((each, index) => decisions.indexOf(each) !== index))
  problems.push(
    `docs/decisions: expected one decision ${number}, got several. Fix: give the newer one the next number.`,
  );
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
