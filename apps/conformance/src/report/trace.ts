import type { Exchange } from '../core/finding.ts';
import { visibleLines } from './visible.ts';

/** Writes each exchange as it happens, with line ends visible: `>` went out, `<` came back. */
export const traceTo =
  (stream: Pick<NodeJS.WriteStream, 'write'>) =>
  (id: string, { sent, received }: Exchange): void => {
    const side = (mark: string, text: string) => visibleLines(text).map((line) => `${mark} ${line}`);
    stream.write(`${[`# ${id}`, ...side('>', sent), ...side('<', received)].join('\n')}\n`);
  };
