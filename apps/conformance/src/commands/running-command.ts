import { Command } from 'commander';

/** A command that prints a run and writes its reports. */
export const reportingCommand = (name: string, description: string): Command =>
  new Command(name)
    .description(description)
    .option('--strict', 'count warnings as failures')
    .option('--jsonl <file>', 'write the results, one JSON object a line')
    .option('--junit <file>', 'write JUnit XML')
    .option('--html <file>', 'write one self-contained page')
    .option('--markdown <file>', 'write a summary for a CI job')
    .option('--badge <file>', 'write the JSON of a shields.io badge; not for a run with --run');

/** A command that tries cases. */
export const runningCommand = (name: string, description: string): Command =>
  reportingCommand(name, description)
    .option('--run <pattern>', 'only cases whose id fits; * stands for any characters')
    .option('--dryrun', 'print what would be tried, and start nothing')
    .option('--seed <text>', 'repeat a run with the same secrets and bodies')
    .option('--trace', 'write everything that goes over the wire to standard error')
    .option('--expect <file>', 'YAML list of known failures: case, reason, perhaps implementation');
