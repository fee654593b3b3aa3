/**
 * Measures what common clients send for awkward targets, and whether a signature over exactly that is
 * accepted. Writes `docs/real-clients.md`; with `--check` compares it instead. The first argument is the URL
 * of a reference gateway.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import demoKeys from '@cpg/conformance/demo-keys.json' with { type: 'json' };
import { ignoreClosedPipe } from '@cpg/conformance/src/commands/main.ts';
import { SUITE_FOLDER } from '../suite.ts';
import { REAL_CLIENTS, type RealClient } from './clients.ts';
import { asBytes, code, startMeasuring } from './measure.ts';
import { measuredVersions, renderPage } from './page.ts';
import { differences, parseTable, type Table } from './table.ts';
import { TARGETS } from './targets.ts';

const PAGE = join(SUITE_FOLDER, 'docs/real-clients.md');

const isInstalled = ({ program, probe }: RealClient): boolean =>
  spawnSync(program, probe, { stdio: 'ignore' }).status === 0;

const getVersion = ({ program, version }: RealClient): string =>
  (spawnSync(program, version, { encoding: 'utf8' }).stdout ?? '')
    .split('\n')[0]
    ?.replace(/\(.*/, '')
    .trim() ?? '';

const measure = async (url: string, clients: readonly RealClient[]): Promise<Table> => {
  const { hostname: host, port } = new URL(url);
  const measuring = await startMeasuring({ host, port: Number(port) }, demoKeys.full);
  const rows: string[][] = [];
  for (const given of TARGETS) {
    const cells: string[] = [];
    for (const client of clients) cells.push(await measuring.cell(client, given));
    rows.push([code(asBytes(given)), ...cells]);
  }
  measuring.stop();
  return { columns: ['Given', ...clients.map(({ name }) => name)], rows };
};

const main = async (url: string, isCheck: boolean): Promise<number> => {
  const installed = REAL_CLIENTS.filter(isInstalled);
  const missing = REAL_CLIENTS.filter((client) => !installed.includes(client)).map(({ name }) => name);
  const isAllowed = isCheck && process.env.CI !== 'true';
  for (const name of missing)
    process.stdout.write(`${isAllowed ? 'SKIPPED' : 'MISSING'}: ${name} is not installed\n`);
  if (missing.length > 0 && !isAllowed) return 1;
  const versions = new Map(installed.map((client) => [client, getVersion(client)]));
  if (!isCheck) {
    const measuredWith = [...new Set(versions.values())].join(', ');
    writeFileSync(PAGE, renderPage(await measure(url, installed), measuredWith));
    return 0;
  }
  const page = readFileSync(PAGE, 'utf8');
  const known = measuredVersions(page);
  const comparable: RealClient[] = [];
  for (const [client, version] of versions) {
    // Another version may behave differently, which does not make the page wrong.
    if (known.includes(version)) comparable.push(client);
    else process.stdout.write(`NOT COMPARED: ${client.name} is ${version} here\n`);
  }
  const lines = differences(parseTable(page), await measure(url, comparable));
  for (const line of lines) process.stdout.write(`${line}\n`);
  return lines.length === 0 ? 0 : 1;
};

for (const stream of [process.stdout, process.stderr]) ignoreClosedPipe(stream);

const [url = 'http://127.0.0.1:8787', ...options] = process.argv.slice(2);
process.exitCode = await main(url, options.includes('--check'));
