import type { UserConfig } from 'tsdown';

/** The programs of the pages. They run in browsers only, so they get the portable build of @cpg/protocol. */
const config: UserConfig = {
  entry: { site: 'src/browser/site.ts', theme: 'src/browser/theme.ts' },
  outDir: 'dist/assets',
  logLevel: 'warn',
  format: ['esm'],
  platform: 'browser',
  target: 'es2022',
  dts: false,
  minify: true,
  hash: false,
  outExtensions: () => ({ js: '.js' }),
  inputOptions: { resolve: { conditionNames: ['@cpg/source', 'portable', 'import', 'default'] } },
  deps: { alwaysBundle: [/.*/] },
};
export default config;
