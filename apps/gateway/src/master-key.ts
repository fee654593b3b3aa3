import { masterKeyProgram } from './administration/master-key-program.ts';
import { runProgram } from './administration/run-program.ts';

await runProgram(masterKeyProgram);
