import type { WriteStream } from 'node:tty';
import type { ResultRecord } from '../core/record.ts';

/** Shows on a terminal how far a run is; writes nothing elsewhere, nor in CI, so that logs stay quiet. */
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
