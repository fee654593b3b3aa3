import { defineConfig } from 'tsdown';

/** Build of a published package: ESM and CJS side by side, each with its own declarations. */
export const library = (entry: Readonly<Record<string, string>> = { index: 'src/index.ts' }) =>
  defineConfig({
    entry: { ...entry },
    logLevel: 'warn',
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'node20.19',
    dts: true,
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
      chunkFileNames: (chunk) =>
        `shared/${typeof chunkFileNames === 'function' ? chunkFileNames(chunk) : chunkFileNames}`,
    }),
  });
