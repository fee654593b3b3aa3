import { library } from '@cpg/build';

export default {
  ...library({ index: 'src/index.ts', explain: 'src/explain/index.ts', vectors: 'src/vectors/index.ts' }),
  // The docstrings cite this page.
  copy: '../../docs/wire-protocol.md',
};
