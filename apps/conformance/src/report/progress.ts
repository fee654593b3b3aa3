import type { WriteStream } from 'node:tty';
import type { Exchange } from '../core/checker.ts';
import type { CaseRecord, ResultRecord } from '../core/record.ts';
import { isFailure } from './outline.ts';
import { LENGTHS, visible, visibleLines } from './visible.ts';

const INTERVAL_MS = 10_000;

interface Progress {
  readonly isCi?: boolean;
  readonly intervalMs?: number;
}

/**
 * Shows the progress of a run: in one line that changes on a terminal, and as a line every ten seconds in CI and
 * elsewhere.
 */
export const progress = (
  stream: Pick<WriteStream, 'isTTY' | 'write'>,
  { isCi = (process.env.CI ?? '') !== '', intervalMs = INTERVAL_MS }: Progress = {},
) => {
  let planned = 0;
  let seen = 0;
  let failed = 0;
  let last: CaseRecord | undefined;
  const isTerminal = stream.isTTY === true && !isCi;
  const clear = () => isTerminal && stream.write('\r\u001b[K');
  const format = ({ layer, implementation }: CaseRecord): string =>
    `${layer} ${visible(implementation)} ${seen}/${planned}`;
  const timer = setInterval(() => {
    if (isTerminal || last === undefined) return;
    stream.write(`${format(last)}, ${failed} failed, last ${last.id}\n`);
  }, intervalMs);
  timer.unref();
  return {
    record: (record: ResultRecord): void => {
      if (record.type === 'implementation') {
        planned = record.planned;
        seen = 0;
        failed = 0;
        last = undefined;
      }
      if (record.type !== 'case') return;
      seen++;
      if (isFailure(record)) failed++;
      last = record;
      clear();
      if (isTerminal) stream.write(format(record));
    },
    end: (): void => {
      clearInterval(timer);
      clear();
    },
  };
};

/**
 * Writes each exchange as it happens, with visible line ends: `>` was sent, `<` received; each case is named
 * once.
 */
export const traceTo = (stream: Pick<NodeJS.WriteStream, 'write'>) => {
  let current: string | undefined;
  const side = (mark: string, text: string): readonly string[] =>
    text === '' ? [] : visibleLines(text, LENGTHS.page).map((line) => `${mark} ${line}`);
  return (id: string, { sent, received }: Exchange): void => {
    const head = id === current ? [] : [`# ${id}`];
    current = id;
    stream.write([...head, ...side('>', sent), ...side('<', received)].map((line) => `${line}\n`).join(''));
  };
};
