import type { Exchange } from '../core/finding.ts';
import { LENGTHS, visibleLines } from './visible.ts';

/** Writes each exchange as it happens, with line ends visible: `>` went out, `<` came back. */
export const traceTo =
  (stream: Pick<NodeJS.WriteStream, 'write'>) =>
  (id: string, { sent, received }: Exchange): void => {
    const side = (mark: string, text: string) =>
      text === '' ? [] : visibleLines(text, LENGTHS.page).map((line) => `${mark} ${line}`);
    stream.write(`${[`# ${id}`, ...side('>', sent), ...side('<', received)].join('\n')}\n`);
  };
