import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { UserConfig } from 'tsdown';

/** The programs of the pages. They run in browsers only, so they get the portable build of @cpg/protocol. */
const config: UserConfig = {
  entry: {
    site: 'src/browser/site.ts',
    theme: 'src/browser/theme.ts',
    'try-it': 'src/browser/try-it.ts',
    debugger: 'src/browser/debugger.ts',
  },
  outDir: 'dist/assets',
  logLevel: 'warn',
  format: ['esm'],
  platform: 'browser',
  target: 'es2022',
  dts: false,
  minify: true,
  hash: false,
  outExtensions: () => ({ js: '.js' }),
  inputOptions: {
    resolve: { conditionNames: ['@cpg/source', 'portable', 'import', 'default'] },
    // `@cpg/protocol/explain` is made for Node.js: its hashes come from node:crypto, its bytes are buffers.
    transform: { inject: { Buffer: [createRequire(import.meta.url).resolve('buffer/'), 'Buffer'] } },
  },
  plugins: [
    {
      name: 'explain-in-browsers',
      resolveId: (source, importer) =>
        source === '../crypto/node.ts' && importer?.includes('/explain/')
          ? fileURLToPath(new URL('src/browser/explain-crypto.ts', import.meta.url))
          : null,
    },
  ],
  deps: { alwaysBundle: [/.*/] },
};
export default config;
