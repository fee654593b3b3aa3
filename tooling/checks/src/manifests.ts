// Checks that published manifests name the repository, so that npm links to it and provenance can be verified, and pack their sources.
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

const root = await readManifest('.');
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
for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
