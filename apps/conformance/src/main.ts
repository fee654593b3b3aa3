#!/usr/bin/env node
import { ignoreClosedPipe, main } from './commands/main.ts';

ignoreClosedPipe(process.stdout);
ignoreClosedPipe(process.stderr);
process.exitCode = await main(process.argv.slice(2));
