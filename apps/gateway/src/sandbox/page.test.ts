import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createSigningKey } from '@cpg/protocol';
import { startTestGateway, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { startWebhookReceiver, type WebhookReceiver } from '@cpg/test-support/gateway/webhooks';
import { describeInCi } from '@cpg/test-support/programs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { registerWebhook } from '../webhooks/endpoints.ts';

const SCREENSHOT = fileURLToPath(new URL('../../docs/sandbox-page.png', import.meta.url));

describeInCi('the console in Chromium', () => {
  let gateway: TestGateway;
  let receiver: WebhookReceiver;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    receiver = await startWebhookReceiver();
    await registerWebhook(gateway.db, gateway.box, {
      accountId: 'acct_demo',
      url: receiver.url,
      at: new Date(gateway.clock.now()),
    });
    browser = await chromium.launch({
      executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    page = await browser.newPage({ viewport: { width: 1100, height: 1250 } });
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    await page.goto(gateway.operationsUrl);
  });
  afterAll(async () => {
    await browser.close();
    await receiver.close();
    await gateway.close();
  });

  const rowWith = (table: string, text: string) => page.locator(`#${table} tr`, { hasText: text });
  const pass = (seconds: number) => gateway.clock.freeze(gateway.clock.now() + seconds * 1000);

  it('shows held and available balances', async () => {
    const cells = rowWith('balances', 'USDT').filter({ hasText: 'ETH' }).locator('td');
    await cells.first().waitFor();
    expect(await cells.allTextContents()).toEqual([
      'USDT',
      'ETH',
      '1500.000000',
      '200.000000',
      '1300.000000',
    ]);
  });

  it('makes a deposit and shows its confirmation', async () => {
    await page.getByLabel('Amount').fill('12.5');
    await page.getByLabel('Currency').selectOption('USDT/ETH');
    await page.getByRole('button', { name: 'Make a deposit' }).click();
    await rowWith('transactions', 'detected').waitFor();
    expect(await page.getByRole('status').textContent()).toBe('A deposit of 12.5 USDT is pending.');
    pass(3);
    await rowWith('transactions', 'confirmed').waitFor();
    await rowWith('balances', '1512.500000').waitFor();
    await rowWith('deliveries', 'deposit.confirmed').filter({ hasText: 'delivered' }).waitFor();
  });

  it('shows why a deposit failed', async () => {
    await page.getByLabel('Amount').fill('a lot');
    await page.getByRole('button', { name: 'Make a deposit' }).click();
    await page.getByText('Failed: amount: Input should be a decimal string').waitFor();
  });

  it('shows the status of withdrawals and settles them by button', async () => {
    receiver.respondWith = 500;
    await gateway.call('/v1/withdrawals', {
      method: 'POST',
      body: {
        currency: 'ETH',
        network: 'ETH',
        amount: '0.5',
        to_address: '0x52908400098527886E0F7030069857D2E4169EE7',
      },
    });
    await rowWith('withdrawals', '0.500000000000000000 ETH').filter({ hasText: 'broadcasted' }).waitFor();
    const confirm = page.getByRole('button', { name: 'Confirm withdrawal 1002' });
    await confirm.focus();
    await page.keyboard.press('Enter');
    await rowWith('withdrawals', '0.500000000000000000 ETH').filter({ hasText: 'confirmed' }).waitFor();
    await page.getByRole('button', { name: 'Fail withdrawal 1001' }).click();
    await rowWith('withdrawals', '1001').filter({ hasText: 'Transaction failed on the network' }).waitFor();
  });

  it('shows failed deliveries and requeues them by button', async () => {
    const failed = rowWith('deliveries', 'withdrawal.failed');
    await failed.filter({ hasText: '500' }).waitFor();
    receiver.respondWith = 200;
    await failed.getByRole('button').click();
    await failed.filter({ hasText: 'delivered' }).waitFor();
  });

  it('shows authentication decisions and explains an invalid signature', async () => {
    await gateway.call('/v1/balances');
    await rowWith('decisions', 'authenticated').filter({ hasText: 'GET /v1/balances' }).first().waitFor();
    // The secret with a trailing newline, as from a file or an editor.
    const key = createSigningKey('cpg-demo-full-DO-NOT-USE-IN-PRODUCTION\n');
    await gateway.call('/v1/_ping', { key });
    const rejected = rowWith('decisions', 'invalid_signature');
    await rejected.locator('.explanation').waitFor();
    expect(await rejected.locator('.explanation').textContent()).toMatch(/^Key ck_demo_full: .*secret/);
  });

  it('fits the viewport', async () => {
    await page.getByLabel('Amount').fill('25');
    // The screenshot in the README; CPG_UPDATE_SCREENSHOT=true updates it.
    const path = process.env.CPG_UPDATE_SCREENSHOT === 'true' ? { path: SCREENSHOT } : {};
    const picture = await page.screenshot({ ...path, fullPage: true });
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    expect(overflow).toBe(false);
  });

  it('labels every control and section, and logs no errors', async () => {
    const unnamed = await page
      .locator('button, input, select')
      .evaluateAll(
        (controls) =>
          controls.filter(
            (control) =>
              !(
                control.textContent?.trim() ||
                control.getAttribute('aria-label') ||
                (control as unknown as { readonly labels: unknown[] | null }).labels?.length
              ),
          ).length,
      );
    expect(unnamed).toBe(0);
    expect(await page.locator('section').count()).toBe(5);
    expect(await page.locator('section > h2').count()).toBe(5);
    // The rejected amount got a 422, which browsers log to the console.
    expect(problems.filter((problem) => !problem.includes('422'))).toEqual([]);
  });

  it('links to the documentation, which loads nothing from other origins', async () => {
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    await page.getByRole('link', { name: 'Documentation' }).click();
    await page.getByRole('heading', { name: 'CPG documentation' }).waitFor();
    // The page may have refreshed itself just before.
    asked.delete(gateway.operationsUrl);
    expect([...asked]).toEqual([gateway.url]);
  });
});
