import { library } from '@cpg/build';

export default library({ index: 'src/index.ts', testing: 'src/testing/index.ts', cli: 'src/cli/main.ts' });
