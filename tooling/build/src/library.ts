import { defineConfig } from 'tsdown';

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
    // Declarations keep no import of which they use nothing, such as one of `node:crypto`.
    treeshake: { moduleSideEffects: 'no-external' },
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
