import { spawnSync } from 'node:child_process';
import { TRANSACTION_DIRECTIONS, WEBHOOK_EVENTS } from '@cpg/protocol';
import { createTestTerminal } from '@cpg/test-support/client/cli';
import { describeWithProgram } from '@cpg/test-support/programs';
import { expect, it } from 'vitest';
import * as choices from './choices.ts';
import { run } from './program.ts';

const print = async (shell: string): Promise<string> => {
  const { terminal, printed } = createTestTerminal({});
  await run(['completion', shell], terminal);
  return printed().out;
};

const WITHOUT_CONFIGURATION = { bash: '--norc', zsh: '-f', fish: '--no-config' };

/** The words that a shell offers. */
const ask = (shell: keyof typeof WITHOUT_CONFIGURATION, script: string): readonly string[] => {
  const { stdout, stderr } = spawnSync(shell, [WITHOUT_CONFIGURATION[shell], '-c', script], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
};

it('repeats the names of the protocol', () => {
  expect(choices.WEBHOOK_EVENT_NAMES).toEqual(Object.keys(WEBHOOK_EVENTS));
  expect(choices.TRANSACTION_DIRECTIONS).toEqual(TRANSACTION_DIRECTIONS);
});

it('rejects another shell', async () => {
  const { terminal, printed } = createTestTerminal({});
  expect(await run(['completion', 'tcsh'], terminal)).toBe(2);
  expect(printed().err).toContain('Allowed choices are bash, zsh, fish.');
});

const CASES: readonly (readonly [line: readonly string[], offered: readonly string[]])[] = [
  [['wi'], ['withdraw', 'withdrawal']],
  [
    ['trigger', 'deposit.'],
    ['deposit.detected', 'deposit.confirmed', 'deposit.swept'],
  ],
  [
    ['transactions', '--direction', ''],
    ['deposit', 'withdrawal', 'sweep', 'gas_topup'],
  ],
  [
    ['transactions', '--cu'],
    ['--currency', '--cursor'],
  ],
  [['--profile', 'live', 'ping', '--de'], ['--debug']],
];

describeWithProgram('bash', 'the completion of bash', () => {
  it.each(CASES)('offers after %j', async (line, offered) => {
    const words = ['cpg', ...line].map((word) => `'${word}'`).join(' ');
    const script = `${await print('bash')}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length}; _cpg\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
    expect(ask('bash', script).toSorted()).toEqual(offered.toSorted());
  });

  it('offers files where an option takes a file', async () => {
    const script = `${await print('bash')}\ncd /usr; COMP_WORDS=(cpg sign --body li); COMP_CWORD=3; _cpg\nprintf '%s\\n' "\${COMPREPLY[@]}"\n`;
    expect(ask('bash', script)).toContain('lib');
  });
});

describeWithProgram('fish', 'the completion of fish', () => {
  it.each(CASES)('offers after %j', async (line, offered) => {
    const last = line.at(-1) ?? '';
    const typed = ['cpg', ...line.slice(0, -1), last].join(' ');
    const script = `${await print('fish')}\ncomplete -C '${typed}'\n`;
    const words = ask('fish', script).map((each) => each.split('\t')[0] ?? '');
    expect(words.toSorted()).toEqual(offered.toSorted());
  });
});

describeWithProgram('zsh', 'the completion of zsh', () => {
  it('loads, and lists what the others list', async () => {
    const script = await print('zsh');
    // The completion widgets need a terminal: their arguments are read instead.
    const stub = `compdef() { :; }\n_describe() { print -rl -- "\${(P@)2}"; }\n_arguments() { print -rl -- "$@"; }\n`;
    const complete = (...words: readonly string[]) =>
      ask('zsh', `${stub}${script}\nwords=(${words.join(' ')}); CURRENT=${words.length}; _cpg\n`);
    expect(complete('cpg', 'wi')).toContain(
      'withdraw:create a withdrawal; the fee is charged in addition to the amount',
    );
    expect(complete('cpg', 'transactions', '--d')).toEqual(
      expect.arrayContaining([
        '--direction[only this direction]:value:(deposit withdrawal sweep gas_topup)',
        '--all[list all pages, with progress on standard error]',
      ]),
    );
    expect(complete('cpg', 'sign', 'x')).toContain(
      '--body[file with the body bytes; - for standard input]:file:_files',
    );
  });
});
