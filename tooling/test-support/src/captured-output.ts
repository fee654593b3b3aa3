import { afterEach, beforeEach, vi } from 'vitest';

/** Keeps what each test writes to standard output and standard error from the terminal; `text` is all of it. */
export const captureOutput = (): { readonly text: string } => {
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
