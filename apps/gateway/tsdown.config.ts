import { application } from '@cpg/build';

export default application({ main: 'src/main.ts', audit: 'src/audit.ts', keys: 'src/keys.ts' });
