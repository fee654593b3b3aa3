/**
 * Writes what the library in the working directory exports to its folder `api`, one report an import path; with `--check` it fails when
 * the committed reports differ. Reads the built declarations, with the TypeScript that API Extractor depends on.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { Extractor, ExtractorConfig, type ExtractorLogLevel } from '@microsoft/api-extractor';

/** One import path of a library. */
interface EntryPoint {
  readonly folder: string;
  readonly declarations: string;
  /** The file name of the report, without its ending. */
  readonly report: string;
}

interface Manifest {
  readonly publishConfig: {
    readonly exports: Readonly<Record<string, string | { readonly import: { readonly types: string } }>>;
  };
}

const findEntryPoints = (folder: string): readonly EntryPoint[] => {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return Object.entries(manifest.publishConfig.exports).flatMap(([path, target]) =>
    typeof target === 'string'
      ? []
      : [
          {
            folder,
            declarations: join(folder, target.import.types),
            report: `${basename(folder)}${path.slice(1).replaceAll('/', '-')}`,
          },
        ],
  );
};

const NONE = 'none' as ExtractorLogLevel;
const ERROR = 'error' as ExtractorLogLevel;

const extract = ({ folder, declarations, report }: EntryPoint, temporary: string, isCheck: boolean) => {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: declarations,
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'es2023',
            module: 'nodenext',
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [declarations],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: join(folder, 'api'),
        reportTempFolder: temporary,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        compilerMessageReporting: { default: { logLevel: ERROR } },
        extractorMessageReporting: { default: { logLevel: NONE } },
        tsdocMessageReporting: { default: { logLevel: NONE } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(folder, 'package.json'),
  });
  return Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback: (message) => {
      message.handled = message.logLevel !== ERROR;
    },
  });
};

const isCheck = process.argv.includes('--check');
const library = process.cwd();
const reports = join(library, 'api');
const temporary = mkdtempSync(join(tmpdir(), 'cpg-api-'));
const problems: string[] = [];
mkdirSync(reports, { recursive: true });
const entryPoints = findEntryPoints(library);
const expected = entryPoints.map(({ report }) => `${report}.api.md`);
for (const name of readdirSync(reports).filter((file) => !expected.includes(file))) {
  if (isCheck) problems.push(`api/${name}: the library has no such import path`);
  else rmSync(join(reports, name));
}
for (const entryPoint of entryPoints) {
  const file = join(reports, `${entryPoint.report}.api.md`);
  const isNew = !existsSync(file);
  const { apiReportChanged, errorCount } = extract(entryPoint, temporary, isCheck);
  if (errorCount > 0) problems.push(`${relative(library, entryPoint.declarations)}: cannot be read`);
  if (!isCheck || !(apiReportChanged || isNew)) continue;
  const built = join(temporary, `${entryPoint.report}.api.md`);
  const compared = ['diff', '--no-index', '--no-color', isNew ? '/dev/null' : file, built];
  const { stdout } = spawnSync('git', compared, { encoding: 'utf8' });
  problems.push(`${relative(library, file)} differs from the build:\n${stdout}`);
}
rmSync(temporary, { recursive: true });
for (const problem of problems) process.stdout.write(`${problem}\n`);
if (problems.length > 0 && isCheck)
  process.stdout.write('Fix: npm run api-reports, review the difference, and add a changeset.\n');
process.exitCode = problems.length === 0 ? 0 : 1;
