import type { Exchange } from '../core/finding.ts';
import { LENGTHS, visibleLines } from './visible.ts';

/** Writes each exchange as it happens, with line ends visible: `>` went out, `<` came back; the case is named once. */
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
