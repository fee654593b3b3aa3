import { library } from '@cpg/build';

export default {
  ...library({ index: 'src/index.ts', vectors: 'src/vectors/index.ts' }),
  // Whoever installs the package has the page that its docstrings call the contract.
  copy: '../../docs/wire-protocol.md',
};
