#!/usr/bin/env node
// The only import: a module that another chunk of the build imported could be executed twice.
import('./program.ts').then(({ runProcess }) => runProcess());
