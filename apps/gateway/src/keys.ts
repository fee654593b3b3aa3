import { runProgram } from './administration/run-program.ts';
import { keysProgram } from './keys/keys-program.ts';

await runProgram(keysProgram);
