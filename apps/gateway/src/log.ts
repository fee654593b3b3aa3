import { fstatSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import pino from 'pino';

const STANDARD_ERROR = 2;
const MAX_BUFFERED_BYTES = 1024 * 1024;
const FLUSH_DEADLINE_MS = 1_000;

/** Where the log goes. Writing never waits for the reader and never throws. */
export interface LogDestination {
  write(line: string): void;
  /** Waits until what was logged is written, for one second at most. */
  flush(): Promise<void>;
}

/** Something that takes lines while it has room for them. */
interface LineWriter {
  /** Returns false when the line was dropped. */
  write(line: string): boolean;
  flush(): Promise<void>;
}

let droppedLines = 0;

/** The number of log lines that this process has dropped since it started. */
export const countDroppedLines = (): number => droppedLines;

/**
 * Opens the log on standard error. When the reader stalls, up to 1 MiB waits in memory; further lines are dropped
 * and counted, and a line with their number (`code` `log_dropped`) follows when the reader continues.
 */
export const openLog = (): LogDestination => {
  const status = fstatSync(STANDARD_ERROR);
  const writer = status.isFIFO() || status.isSocket() ? openPipe() : openFile();
  let unreported = 0;
  return {
    write: (line) => {
      if (unreported > 0 && writer.write(formatDropped(unreported))) unreported = 0;
      if (unreported === 0 && writer.write(line)) return;
      unreported += 1;
      droppedLines += 1;
    },
    flush: () => Promise.race([writer.flush(), wait(FLUSH_DEADLINE_MS, undefined, { ref: false })]),
  };
};

const formatDropped = (lines: number): string =>
  `${JSON.stringify({ level: 40, time: Date.now(), code: 'log_dropped', lines, msg: 'log lines dropped: the reader of the log was too slow' })}\n`;

// Not pino's destination: its writes block a thread when the reader stalls, and then the process cannot exit.
const openPipe = (): LineWriter => {
  const { stderr } = process;
  return {
    write: (line) => {
      if (!stderr.writable || stderr.writableLength + line.length > MAX_BUFFERED_BYTES) return false;
      stderr.write(line);
      return true;
    },
    flush: () => new Promise((resolve) => stderr.write('', () => resolve())),
  };
};

// A file or a terminal.
const openFile = (): LineWriter => {
  const destination = pino.destination({ fd: STANDARD_ERROR, sync: false, maxLength: MAX_BUFFERED_BYTES });
  // A closed terminal or a full disk must not stop the gateway.
  destination.on('error', () => undefined);
  let isDropped = false;
  let isClosed = false;
  destination.on('drop', () => {
    isDropped = true;
  });
  return {
    write: (line) => {
      if (isClosed) return false;
      isDropped = false;
      destination.write(line);
      return !isDropped;
    },
    flush: async () => {
      isClosed = true;
      await new Promise((resolve) => {
        destination.once('close', resolve);
        destination.once('error', resolve);
        destination.end();
      });
      // What a full disk has no space for must not be tried again when the process exits.
      destination.destroy();
    },
  };
};
