import { launchChromium } from '@cpg/test-support/chromium';
import { startBuiltGateway } from '@cpg/test-support/gateway-process';

const ROUNDS = 15;

/**
 * How long the console takes until it can be used, on loopback and with an empty cache: from the navigation until its data
 * is shown, a button can be clicked, and live updates are connected.
 */
export const benchConsole = async (): Promise<void> => {
  const gateway = await startBuiltGateway();
  const browser = await launchChromium();
  const times: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    // A context has a cache of its own.
    const context = await browser.newContext();
    const page = await context.newPage();
    const startedAt = performance.now();
    await page.goto(gateway.operationsUrl, { waitUntil: 'commit' });
    await page.getByRole('button', { name: 'Deposit', exact: true }).click({ trial: true });
    await page.locator('.connection.open').waitFor();
    times.push(performance.now() - startedAt);
    await context.close();
  }
  await browser.close();
  await gateway.stop();
  // The first starts the processes of the browser.
  const sorted = times.slice(1).toSorted((one, other) => one - other);
  const show = (part: number) => `${sorted[Math.floor((sorted.length - 1) * part)]?.toFixed(0)} ms`;
  process.stdout.write(
    `The console until it can be used, ${ROUNDS} loads with an empty cache: p50 ${show(0.5)}, worst ${show(1)}\n`,
  );
};
