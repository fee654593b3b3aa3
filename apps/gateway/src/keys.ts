import { keysProgram } from './administration/keys-program.ts';
import { runProgram } from './administration/run-program.ts';

await runProgram(keysProgram);
