import { defineConfig, type Rolldown } from 'tsdown';

/**
 * Declarations keep an import of each module that their sources import, even of those without a type in them: types of
 * Node.js would be loaded, which a program may be compiled without.
 */
const withoutBareImports: Rolldown.Plugin = {
  name: 'without-bare-imports',
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      const isDeclaration = chunk.type === 'chunk' && /\.d\.[cm]?ts$/.test(chunk.fileName);
      if (isDeclaration) chunk.code = chunk.code.replace(/^import "[^"]+";$/gm, '');
    }
  },
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
    plugins: [withoutBareImports],
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
