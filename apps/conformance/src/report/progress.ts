import type { WriteStream } from 'node:tty';
import type { Exchange } from '../core/checker.ts';
import type { ResultRecord } from '../core/record.ts';
import { LENGTHS, visibleLines } from './visible.ts';

/** Shows the progress of a run on a terminal. Writes nothing in CI or to a file. */
export const progress = (
  stream: Pick<WriteStream, 'isTTY' | 'write'>,
  isCi = (process.env.CI ?? '') !== '',
) => {
  let planned = 0;
  let seen = 0;
  const isShown = stream.isTTY === true && !isCi;
  const clear = () => isShown && stream.write('\r\u001b[K');
  return {
    record: (record: ResultRecord): void => {
      if (record.type === 'implementation') {
        planned = record.planned;
        seen = 0;
      }
      if (record.type !== 'case' || !isShown) return;
      seen++;
      clear();
      stream.write(`${record.layer} ${record.implementation} ${seen}/${planned}`);
    },
    end: (): void => {
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
