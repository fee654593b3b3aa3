import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createSigningKey } from '@cpg/protocol';
import { describeWithProgram } from '@cpg/test-support/programs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../testing/webhook-receiver.ts';
import { registerWebhook } from '../webhooks/endpoints.ts';

const SCREENSHOT = fileURLToPath(new URL('../../docs/sandbox-page.png', import.meta.url));

describeWithProgram('chromium', 'the page of the sandbox', () => {
  let gateway: TestGateway;
  let receiver: WebhookReceiver;
  let browser: Browser;
  let page: Page;
  const faults: string[] = [];

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
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text());
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

  it('shows balances with what is held and what is available', async () => {
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

  it('makes a deposit, and shows it confirm', async () => {
    await page.getByLabel('Amount').fill('12.5');
    await page.getByLabel('Currency').selectOption('USDT/ETH');
    await page.getByRole('button', { name: 'Make a deposit' }).click();
    await rowWith('transactions', 'detected').waitFor();
    expect(await page.getByRole('status').textContent()).toBe('A deposit of 12.5 USDT is on its way.');
    pass(3);
    await rowWith('transactions', 'confirmed').waitFor();
    await rowWith('balances', '1512.500000').waitFor();
    await rowWith('deliveries', 'deposit.confirmed').filter({ hasText: 'delivered' }).waitFor();
  });

  it('says why a deposit was not made', async () => {
    await page.getByLabel('Amount').fill('a lot');
    await page.getByRole('button', { name: 'Make a deposit' }).click();
    await page.getByText('Not done. amount: Input should be a decimal string').waitFor();
  });

  it('shows withdrawals move through their states, and settles them by button', async () => {
    receiver.answer = 500;
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

  it('shows what was not delivered, and sends it again by button', async () => {
    const failed = rowWith('deliveries', 'withdrawal.failed');
    await failed.filter({ hasText: '500' }).waitFor();
    receiver.answer = 200;
    await failed.getByRole('button').click();
    await failed.filter({ hasText: 'delivered' }).waitFor();
  });

  it('shows how requests were decided, and why a signature was wrong', async () => {
    await gateway.call('/v1/balances');
    await rowWith('decisions', 'authenticated').filter({ hasText: 'GET /v1/balances' }).first().waitFor();
    // The secret with the newline that a file or an editor put behind it.
    const key = createSigningKey('cpg-demo-full-DO-NOT-USE-IN-PRODUCTION\n');
    await gateway.call('/v1/_ping', { key });
    const refused = rowWith('decisions', 'invalid_signature');
    await refused.locator('.explanation').waitFor();
    expect(await refused.locator('.explanation').textContent()).toMatch(/^Key ck_demo_full: .*secret/);
  });

  it('fits on a screen', async () => {
    await page.getByLabel('Amount').fill('25');
    // The picture in the README; taken anew with CPG_UPDATE_SCREENSHOT=true.
    const path = process.env.CPG_UPDATE_SCREENSHOT === 'true' ? { path: SCREENSHOT } : {};
    const picture = await page.screenshot({ ...path, fullPage: true });
    expect(picture.subarray(1, 4).toString()).toBe('PNG');
    const overflow = await page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    expect(overflow).toBe(false);
  });

  it('has a name for every control, a heading for every section, and no fault in the console', async () => {
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
    // The refused amount answered 422, which browsers put into the console.
    expect(faults.filter((fault) => !fault.includes('422'))).toEqual([]);
  });

  it('leads to the reference, which loads without asking anyone else', async () => {
    const asked = new Set<string>();
    page.on('request', (request) => asked.add(new URL(request.url()).origin));
    await page.getByRole('link', { name: 'API reference' }).click();
    await page.getByRole('heading', { name: 'CPG API' }).waitFor();
    await page.getByText('/v1/deposit-addresses', { exact: true }).waitFor();
    // The page may have refreshed itself just before.
    asked.delete(gateway.operationsUrl);
    expect([...asked]).toEqual([gateway.url]);
  });
});
