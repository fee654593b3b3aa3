import { library } from '@cpg/build';
import type { UserConfig } from 'tsdown';

const ENTRIES = {
  index: 'src/index.ts',
  explain: 'src/explain/index.ts',
  vectors: 'src/vectors/index.ts',
  'crypto/node': 'src/crypto/node.ts',
  'crypto/portable': 'src/crypto/portable.ts',
};

// Signing needs no package, amounts need decimal.js, and endpoints need zod.
const CHUNKS = {
  signing:
    /\/src\/signing\/|\/src\/webhooks\/(?:sign|verify)\.|\/src\/(?:arguments|decimal-string|documentation|permissions|protocol-error|rejections)\./,
  decimal: /\/src\/decimal\./,
  endpoints: /\/src\/(?:endpoints\/|webhooks\/events\.|envelope\.)/,
};

const config: UserConfig = {
  ...library(ENTRIES, CHUNKS),
  // The runtime of the platform `node` imports `node:module`, which browsers lack.
  platform: 'neutral',
  // `#crypto` is resolved by the program that imports the package, with its conditions.
  deps: { neverBundle: [/^node:/, '#crypto'] },
  // The docstrings cite this page.
  copy: '../../docs/wire-protocol.md',
};
export default config;
