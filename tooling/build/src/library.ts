import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'tsdown';

const IMPORT = /^import (?:\{ ([^}]*) \} from )?"[^"]+";$/gm;

/** Whether a declaration uses one of the names of `import { a as b, c } from …`. */
const isUsed = (names: string, words: ReadonlySet<string>): boolean =>
  names.split(',').some((name) => words.has(name.trim().split(' ').at(-1) as string));

/**
 * Declarations keep an import of each module that their sources import, even of those without a type in them: types of
 * Node.js or of an optional dependency would be loaded, which a program may be compiled without.
 */
const removeUnusedImports = (folder: string): void => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => /\.d\.[cm]?ts$/.test(name))) {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    const code = text.replace(IMPORT, '').replace(/\/\*[\s\S]*?\*\//g, '');
    const words = new Set(code.match(/[\w$]+/g));
    const rest = text.replace(IMPORT, (line, names: string | undefined) =>
      names !== undefined && isUsed(names, words) ? line : '',
    );
    if (rest !== text) writeFileSync(path, rest);
  }
};

/**
 * Build of a published package: ESM and CJS side by side, each with its own declarations. `chunks` are the files that an
 * entry point is split into, by name, with the sources of each, the first match first: a bundler drops a file that the
 * program does not use, with the packages that only this file imports.
 */
export const library = (
  entry: Readonly<Record<string, string>> = { index: 'src/index.ts' },
  chunks: Readonly<Record<string, RegExp>> = {},
) =>
  defineConfig({
    entry: { ...entry },
    logLevel: 'warn',
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'node20.19',
    dts: true,
    hooks: { 'build:done': ({ options }) => removeUnusedImports(options.outDir) },
    sourcemap: true,
    hash: false,
    // The extension alone tells the two formats apart, as "type": "module" in package.json says.
    outExtensions: ({ format }) =>
      format === 'cjs' ? { js: '.cjs', dts: '.d.cts' } : { js: '.js', dts: '.d.ts' },
    // In a folder of their own: a shared chunk can have the name of an entry point, and would take its place.
    outputOptions: ({ chunkFileNames, ...options }) => ({
      ...options,
      // require() of an optional dependency must find the copy that the program itself requires.
      dynamicImportInCjs: false,
      codeSplitting: {
        groups: Object.entries(chunks).map(([name, sources], index) => ({
          name,
          // Declarations are split along the entry points.
          test: (id) => !id.endsWith('.d.ts') && sources.test(id),
          priority: Object.keys(chunks).length - index,
        })),
      },
      chunkFileNames: (chunk) =>
        `shared/${typeof chunkFileNames === 'function' ? chunkFileNames(chunk) : chunkFileNames}`,
    }),
  });
