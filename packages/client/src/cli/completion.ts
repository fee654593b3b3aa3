import type { Command, Option } from 'commander';
import type { CommandHandler } from './context.ts';

/** The values that an option or argument accepts: any, a file, or one of these. */
type Values = 'any' | 'file' | readonly string[];

interface CompletableOption {
  readonly flag: string;
  readonly description: string;
  /** `undefined` for an option without a value. */
  readonly values: Values | undefined;
}

interface CompletableCommand {
  readonly name: string;
  readonly description: string;
  /** The values that the first argument accepts. */
  readonly argument: Values;
  readonly options: readonly CompletableOption[];
}

/** Reads commander's own table, so that a new command or option is completed too. */
const readCommands = (program: Command): readonly CompletableCommand[] => {
  const globals = program.options.filter(({ long }) => long !== '--version').map(readOption);
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    argument: command.registeredArguments[0]?.argChoices ?? 'any',
    options: [...command.options.map(readOption), ...globals],
  }));
};

const readOption = ({ long, flags, description, required, argChoices }: Option): CompletableOption => {
  const values = argChoices ?? (flags.includes('<file>') ? 'file' : 'any');
  return { flag: long ?? '', description, values: required ? values : undefined };
};

/** `cpg completion`: prints a script for the shell. */
export const completion: CommandHandler<object> = async ({ program }, _flags, [shell = '']) => {
  const script = SCRIPTS[shell as keyof typeof SCRIPTS](readCommands(program));
  return { document: { data: { shell, script } }, text: () => script };
};

/** As a word in single quotes, for every shell. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

const isList = (values: Values | undefined): values is readonly string[] => Array.isArray(values);

const formatBash = (commands: readonly CompletableCommand[]): string => {
  const reply = (words: readonly string[]): string => `_cpg_reply ${quote(words.join(' '))}`;
  const completeValue = (values: Values): string =>
    values === 'any' ? 'COMPREPLY=()' : values === 'file' ? '_cpg_files' : reply(values);
  const lines = commands.flatMap(({ name, argument, options }) => [
    `    ${name})`,
    '      case "$previous" in',
    ...options.flatMap(({ flag, values }) =>
      values === undefined ? [] : [`        ${flag}) ${completeValue(values)}; return ;;`],
    ),
    '      esac',
    `      ${reply([...(isList(argument) ? argument : []), ...options.map(({ flag }) => flag)])}`,
    '      ;;',
  ]);
  return `# bash completion of cpg. Load it with: source <(cpg completion bash)
_cpg_reply() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }
_cpg_files() { mapfile -t COMPREPLY < <(compgen -f -- "$current"); }
_cpg() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command='' index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      --profile | --credentials) ((index++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  case "$command" in
${lines.join('\n')}
    *) ${reply(commands.map(({ name }) => name))} ;;
  esac
}
complete -o filenames -F _cpg cpg`;
};

const formatZsh = (commands: readonly CompletableCommand[]): string => {
  // Brackets and colons have a meaning in a specification of _arguments.
  const escapeText = (text: string): string => text.replace(/[[\]:]/g, '\\$&');
  const completeValue = (values: Values): string =>
    values === 'any' ? ':value: ' : values === 'file' ? ':file:_files' : `:value:(${values.join(' ')})`;
  const specify = ({ flag, description, values }: CompletableOption): string =>
    quote(`${flag}[${escapeText(description)}]${values === undefined ? '' : completeValue(values)}`);
  const names = commands.map(({ name, description }) => `    ${quote(`${name}:${escapeText(description)}`)}`);
  const cases = commands.map(({ name, argument, options }) => {
    const specifications = [...options.map(specify), quote(`1${completeValue(argument)}`)];
    return `    ${name}) _arguments ${specifications.join(' ')} ;;`;
  });
  return `#compdef cpg
# zsh completion of cpg. Load it with: source <(cpg completion zsh)
_cpg() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
${cases.join('\n')}
  esac
}
compdef _cpg cpg`;
};

const formatFish = (commands: readonly CompletableCommand[]): string => {
  const completeValue = (values: Values | undefined): string => {
    if (values === undefined) return '-f';
    return values === 'any' ? '-x' : values === 'file' ? '-r -F' : `-x -a ${quoteForFish(values.join(' '))}`;
  };
  const lines = commands.flatMap(({ name, description, argument, options }) => {
    const isGiven = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c cpg -n __fish_use_subcommand -a ${name} -d ${quoteForFish(description)}`,
      ...(isList(argument) ? [`complete -c cpg ${isGiven} -a ${quoteForFish(argument.join(' '))}`] : []),
      ...options.map(
        (option) =>
          `complete -c cpg ${isGiven} -l ${option.flag.slice(2)} ${completeValue(option.values)} -d ${quoteForFish(option.description)}`,
      ),
    ];
  });
  return [
    '# fish completion of cpg. Load it with: cpg completion fish | source',
    'complete -c cpg -f',
    ...lines,
  ].join('\n');
};

const quoteForFish = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

const SCRIPTS = { bash: formatBash, zsh: formatZsh, fish: formatFish };
