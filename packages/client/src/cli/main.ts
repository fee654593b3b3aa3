#!/usr/bin/env node
import { run } from './program.ts';
import { processTerminal, surviveClosedPipes } from './terminal.ts';

surviveClosedPipes(process.stdout, process.stderr);
run(process.argv.slice(2), processTerminal).then((code) => {
  process.exitCode = code;
});
