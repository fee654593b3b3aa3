#!/usr/bin/env node
import { run } from './program.ts';
import { exitOnClosedPipe, processTerminal } from './terminal.ts';

exitOnClosedPipe(process.stdout, process.stderr);
run(process.argv.slice(2), processTerminal).then((code) => {
  process.exitCode = code;
});
