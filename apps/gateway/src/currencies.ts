import { currenciesProgram } from './administration/currencies-program.ts';
import { runProgram } from './administration/run-program.ts';

await runProgram(currenciesProgram);
