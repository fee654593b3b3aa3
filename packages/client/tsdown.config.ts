import { library } from '@cpg/build';

export default library();
