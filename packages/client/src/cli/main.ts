#!/usr/bin/env node
import { run } from './program.ts';
import { endWithReader, processTerminal } from './terminal.ts';

endWithReader(process.stdout, process.stderr);
run(process.argv.slice(2), processTerminal).then((code) => {
  process.exitCode = code;
});
