import { library } from '@cpg/build';

export default library({ index: 'src/index.ts', vectors: 'src/vectors/index.ts' });
