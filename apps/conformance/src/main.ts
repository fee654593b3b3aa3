#!/usr/bin/env node
import { letReaderLeave, main } from './commands/main.ts';

letReaderLeave(process.stdout);
letReaderLeave(process.stderr);
process.exitCode = await main(process.argv.slice(2));
