import { parseArgs } from 'node:util';
import { runFuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
const requests = Number(values.requests);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
if (!Number.isSafeInteger(requests) || requests < 1 || !Number.isSafeInteger(seed))
  throw new Error(
    `Expected --requests and --seed to be whole numbers: got ${values.requests} and ${values.seed}.`,
  );

const MAX_TEXT = 4_000;
const print = (line: string) => process.stdout.write(`${line}\n`);
print(`${requests} hostile requests, seed ${seed}`);
const result = await runFuzz({ requests, seed, print });
for (const [decision, count] of [...result.decisions].sort(([, a], [, b]) => b - a))
  print(`${String(count).padStart(9)}  ${decision}`);
for (const { kind, expected, received, stream } of result.disagreements) {
  print(
    `${kind}: the verifier expected ${JSON.stringify(expected)}, and the server: ${JSON.stringify(received)}`,
  );
  const text = JSON.stringify(Buffer.concat(stream.pieces).toString('latin1'));
  print(`  ${text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length})` : text}`);
}
for (const line of result.serverErrors) print(`the server logged: ${line}`);
const countKind = (wanted: string) => result.disagreements.filter(({ kind }) => kind === wanted).length;
print(
  `${result.requests} requests in ${result.seconds.toFixed(0)} s: ${countKind('wrongly accepted')} wrongly accepted, ` +
    `${countKind('wrongly rejected')} wrongly rejected, ${result.disagreements.length} disagreements in all, ` +
    `${result.serverErrors.length} lines logged, server ${result.isServerAlive ? 'alive' : 'crashed'}`,
);
const isFailed = result.disagreements.length > 0 || result.serverErrors.length > 0 || !result.isServerAlive;
process.exitCode = isFailed ? 1 : 0;
