import { application } from '@cpg/build';

export default application();
