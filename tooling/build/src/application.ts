import { defineConfig } from 'tsdown';

/** Build of a program, which is not imported: ESM only, without declarations. */
export const application = (entry: Readonly<Record<string, string>> = { main: 'src/main.ts' }) =>
  defineConfig({
    entry: { ...entry },
    logLevel: 'warn',
    format: ['esm'],
    platform: 'node',
    target: 'node20.19',
    dts: false,
    sourcemap: true,
    hash: false,
    outExtensions: () => ({ js: '.js' }),
  });
