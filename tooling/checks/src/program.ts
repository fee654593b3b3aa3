import { fileURLToPath } from 'node:url';

/** The folder of the whole repository. */
export const REPOSITORY_ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Keeps a program running to its exit code when the reader of its output has closed, as in `npm run check | head -1`. */
export const ignoreClosedPipes = (): void => {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
};
