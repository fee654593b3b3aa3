#!/usr/bin/env node
import { createTerminal, run } from './cli.ts';

run(process.argv.slice(2), createTerminal(process)).then((code) => {
  process.exitCode = code;
});
