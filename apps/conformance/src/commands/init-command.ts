import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Command, Option } from 'commander';
import { UsageError } from './inputs.ts';

interface StartingPoint {
  /** Under `adapters`. */
  readonly file: string;
  /** The command line that starts it in its folder. */
  readonly run: string;
  readonly options?: string;
}

/** The adapters to start from, by language. */
export const STARTING_POINTS: Readonly<Record<string, StartingPoint>> = Object.freeze({
  bash: { file: 'bash/client.sh', run: 'bash client.sh', options: '--one-shot ' },
  csharp: { file: 'csharp/Adapter.cs', run: 'mcs Adapter.cs && mono Adapter.exe' },
  go: { file: 'go/adapter.go', run: 'go run adapter.go' },
  java: { file: 'java/Adapter.java', run: 'java Adapter.java' },
  php: { file: 'php/adapter.php', run: 'php adapter.php' },
  python: { file: 'python/adapter.py', run: 'python3 adapter.py' },
  ruby: { file: 'ruby/adapter.rb', run: 'ruby adapter.rb' },
});

// The sources are two folders below the package, the built program one.
const findAdapters = (): string => {
  const candidates = ['../../adapters', '../adapters'].map((path) => join(import.meta.dirname, path));
  return candidates.find((path) => existsSync(path)) ?? '';
};

/** Copies the adapter of a language to a folder. Throws a `UsageError` when the file exists. */
const init = async (folder: string, language: string): Promise<string> => {
  const point = STARTING_POINTS[language];
  if (point === undefined) throw new UsageError(`There is no adapter in ${language}.`);
  const { file, run, options = '' } = point;
  const target = join(folder, basename(file));
  await mkdir(folder, { recursive: true });
  await copyFile(join(findAdapters(), file), target, constants.COPYFILE_EXCL).catch((cause: unknown) => {
    throw new UsageError(`The file exists already, or cannot be written: ${target}.`, { cause });
  });
  return `${[
    `Wrote ${target}, an adapter that passes. Replace its signer, verifier and client with yours. Then, in that folder:`,
    '',
    `  npx -y @cpg/conformance vectors ${options}--adapter '${run}'`,
    `  npx -y @cpg/conformance client ${options}--exec '${run}'`,
  ].join('\n')}\n`;
};

export const initCommand = (): Command =>
  new Command('init')
    .description('write an adapter to start from')
    .argument('[folder]', 'where to write it', '.')
    .addOption(
      new Option('--language <name>', 'the language of your implementation')
        .choices(Object.keys(STARTING_POINTS))
        .makeOptionMandatory(),
    )
    .action(async (folder: string, { language }: { readonly language: string }) => {
      process.stdout.write(await init(folder, language));
    });
