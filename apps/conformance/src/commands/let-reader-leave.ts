const isClosedPipe = (error: Error): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE';

/**
 * Whoever reads this output may stop early, as `head` does: what is written then is lost without a word. The command itself goes on, since
 * its exit code and its reports must stay true.
 */
export const letReaderLeave = (stream: NodeJS.WritableStream): void => {
  stream.on('error', (error) => {
    if (!isClosedPipe(error)) throw error;
  });
};
