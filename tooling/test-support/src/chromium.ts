import { execFileSync } from 'node:child_process';
import { type Browser, chromium } from 'playwright-core';

/** Starts the Chromium of the system, headless; `parameters` are more of its own. */
export const launchChromium = (...parameters: readonly string[]): Promise<Browser> =>
  chromium.launch({
    executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
    // As root, and with the little shared memory of a container.
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...parameters],
  });
