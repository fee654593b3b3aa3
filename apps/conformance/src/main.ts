#!/usr/bin/env node
import { letReaderLeave } from './commands/let-reader-leave.ts';
import { main } from './commands/main.ts';

letReaderLeave(process.stdout);
letReaderLeave(process.stderr);
process.exitCode = await main(process.argv.slice(2));
