/**
 * Lets the reader of this program's output leave, as `head` does: what is written afterwards is lost, and the program goes on. A server must
 * not end because its terminal has gone, and the exit code of an audit must stay true.
 */
export const ignoreClosedPipes = (): void => {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
};
