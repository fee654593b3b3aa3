import { accountsProgram } from './administration/accounts-program.ts';
import { runProgram } from './administration/run-program.ts';

await runProgram(accountsProgram);
