import { runProgram } from './administration/run-program.ts';
import { webhooksProgram } from './administration/webhooks-program.ts';

await runProgram(webhooksProgram);
