import { afterEach, beforeEach, vi } from 'vitest';

/** For tests: keeps what one writes to standard output and standard error from the terminal, and has it as text. */
export const capturedOutput = (): { readonly text: string } => {
  let text = '';
  beforeEach(() => {
    text = '';
    const keep = (written: unknown) => {
      text += String(written);
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(keep);
    vi.spyOn(process.stderr, 'write').mockImplementation(keep);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return {
    get text() {
      return text;
    },
  };
};
