import { Command } from 'commander';
import { Checker } from '../core/checker.ts';
import { Masker } from '../core/masker.ts';
import { newSeed, Randomness } from '../core/run-settings.ts';
import { EXIT_CODES } from '../core/tally.ts';
import { parseAddress, readClockOffset } from '../server/preflight.ts';
import { ServerUnderTest } from '../server/server-under-test.ts';
import { measurePairs, renderTiming } from '../server/timing.ts';
import { readKeys, UsageError } from './inputs.ts';
import { SERVER_OPTIONS, serverUrl } from './server-command.ts';

interface TimingOptions {
  readonly url: string;
  readonly keys: string;
  readonly pairs: string;
}

const parsePairs = (text: string): number => {
  if (!/^[1-9][0-9]{0,5}$/.test(text))
    throw new UsageError(`--pairs must be a whole number from 1 to 999999: got ${text}.`);
  return Number(text);
};

/**
 * Measures and formats the times. Rejects when the server cannot be reached, or does not send the expected
 * rejection.
 */
const measure = async ({ url, keys, pairs }: TimingOptions): Promise<string> => {
  const count = parsePairs(pairs);
  const address = parseAddress(serverUrl(url));
  const testKeys = readKeys(keys);
  const settings = { masker: new Masker(), random: new Randomness(newSeed()) };
  const clockOffset = await readClockOffset(address);
  const target = { address, keys: testKeys, clockOffset };
  return renderTiming(await measurePairs(new ServerUnderTest(target, new Checker(), settings), count));
};

export const timingCommand = (exit: (code: number) => void): Command =>
  new Command('timing')
    .description(
      'measure whether an unknown key is rejected faster or slower than a bad signature; no verdict',
    )
    .requiredOption(...SERVER_OPTIONS.url)
    .requiredOption(...SERVER_OPTIONS.keys)
    .option('--pairs <number>', 'number of request pairs', '2000')
    .action(async (options: TimingOptions) => {
      process.stdout.write(await measure(options));
      exit(EXIT_CODES.conformant);
    });
