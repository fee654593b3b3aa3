import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { launchChromium } from '@cpg/test-support/chromium';
import { startTestGateway, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { describeInCi } from '@cpg/test-support/programs';
import axe from 'axe-core';
import { sql } from 'kysely';
import pixelmatch from 'pixelmatch';
import type { Browser, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';
const MAX_FIRST_LOAD_BYTES = 200 * 1024;
// Fonts are drawn a little differently by other versions of the browser.
const MAX_DIFFERENT_PIXELS = 0.03;
const ADDRESS = '0x52908400098527886E0F7030069857D2E4169EE7';
const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}\${7*7}`;

// One browser and one gateway for all: starting them takes longer than most tests.
describeInCi('the console in Chromium', () => {
  let gateway: TestGateway;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const hosts = new Set<string>();
  const loaded: string[] = [];

  beforeAll(async () => {
    gateway = await startTestGateway();
    browser = await launchChromium();
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('dialog', (dialog) => {
      problems.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      hosts.add(new URL(request.url()).host);
      loaded.push(request.url());
    });
    await page.goto(gateway.operationsUrl);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await gateway.close();
  });

  const open = async (path: string, heading: string) => {
    await page.goto(`${gateway.operationsUrl}/#${path}`);
    await page.getByRole('heading', { name: heading, exact: true, level: 1 }).waitFor();
  };
  const toast = (text: string | RegExp) => page.locator('.toast', { hasText: text }).first().waitFor();
  const read = async (path: string) => {
    const response = await fetch(`${gateway.operationsUrl}/_sandbox${path}`);
    return ((await response.json()) as { readonly data: unknown }).data;
  };
  const change = (path: string, body: object) =>
    fetch(`${gateway.operationsUrl}/_sandbox${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const pass = async (seconds: number) => {
    gateway.clock.freeze(gateway.clock.now() + seconds * 1000);
    await gateway.chain.advance();
  };

  /** The violations of accessibility rules in the page, with the elements. */
  const findViolations = async (): Promise<string[]> => {
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { readonly html: string }[];
      }[];
    };
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
  };

  describe('the page', () => {
    it('loads at most 200 KiB, and nothing from another host', async () => {
      const files = loaded.filter((url) => !url.includes('/_sandbox/'));
      expect(files.length).toBeGreaterThanOrEqual(4);
      let bytes = 0;
      for (const url of files) bytes += gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
      expect(bytes).toBeGreaterThan(50_000);
      expect(bytes).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
      expect([...hosts]).toEqual([new URL(gateway.operationsUrl).host]);
    });

    it('links to the documentation', async () => {
      const link = page.getByRole('link', { name: 'Documentation' });
      await link.waitFor();
      expect(await link.getAttribute('href')).toBe(`${gateway.url}/docs`);
    });

    it('shows the clock, freezes it and moves it forward', async () => {
      await page.locator('.clock-button', { hasText: '2027-01-15 08:00:00' }).waitFor();
      await page.getByRole('button', { name: '+ 1 min' }).click();
      await page.locator('.clock-button', { hasText: '2027-01-15 08:01:00' }).waitFor();
      expect(gateway.clock.now()).toBe((TEST_NOW + 60) * 1000);
    });

    it('runs commands by keyboard', async () => {
      await page.keyboard.press('Control+k');
      const input = page.getByRole('combobox', { name: 'Command' });
      await input.fill('request');
      await page.getByRole('option', { name: 'Go to Requests' }).waitFor();
      expect(await findViolations()).toEqual([]);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'Requests', level: 1 }).waitFor();
      await page.keyboard.press('g');
      await page.keyboard.press('o');
      await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
    });
  });

  describe('overview', () => {
    it('shows balances, and makes a deposit and a withdrawal in two clicks', async () => {
      const row = page
        .getByRole('region', { name: 'Balances table' })
        .getByRole('row', { name: /USDT ETH/ })
        .getByRole('cell');
      await row.first().waitFor();
      expect((await row.allTextContents()).slice(0, 5)).toEqual(['USDT', 'ETH', '1300', '200', '1500']);
      await page.getByLabel('Amount').fill('25.5');
      await page.getByRole('button', { name: 'Deposit', exact: true }).click();
      await toast('A deposit of 25.5 USDT is on its way.');
      const latest = page.getByRole('region', { name: 'Latest transactions table' });
      await latest.getByRole('row', { name: /deposit 25.5 USDT.*detected/ }).waitFor();
      await pass(5);
      await latest.getByRole('row', { name: /deposit 25.5 USDT.*confirmed/ }).waitFor();
      await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
      await toast('A withdrawal of 25.5 USDT is broadcast.');
      await latest.getByRole('row', { name: /withdrawal 25.5 USDT.*broadcasted/ }).waitFor();
      await page.getByRole('link', { name: '2 withdrawals in flight' }).waitFor();
    });

    it('shows why a change was rejected, with its fix', async () => {
      await page.getByLabel('Amount').fill('a lot');
      await page.getByRole('button', { name: 'Deposit', exact: true }).click();
      await toast('amount: Input should be a decimal string');
      await toast('Correct the named field and send it again.');
      await page.locator('.toast.failure .icon-button').first().click();
    });
  });

  describe('requests', () => {
    const send = (headers: Readonly<Record<string, string>>, target = '/v1/_ping') =>
      fetch(`${gateway.url}${target}`, { headers });
    const sign = (secret: string) =>
      signRequest({
        keyId: 'ck_demo_full',
        key: createSigningKey(secret),
        method: 'GET',
        target: '/v1/_ping',
        timestamp: Math.floor(gateway.clock.now() / 1000),
      });

    it('says what to do while there is none', async () => {
      await open('/requests', 'Requests');
      await page.getByText('No request yet.').waitFor();
    });

    it('lists each request as it arrives, and filters', async () => {
      await gateway.call('/v1/balances');
      await send({});
      const log = page.getByTestId('log');
      await log.getByRole('link', { name: /GET \/v1\/balances 200 served/ }).waitFor();
      await log.getByRole('link', { name: /_ping 401 missing authentication headers/ }).waitFor();
      await page.getByLabel('Search the requests').fill('_ping 401');
      await page.getByText('1 of 2 requests').waitFor();
      await page.getByLabel('Search the requests').fill('nothing like it');
      await page.getByRole('button', { name: 'Show all' }).click();
      await page.getByText('2 requests', { exact: true }).waitFor();
    });

    it('names the mistake of a bad signature and its fix, and hides the signature', async () => {
      const { headers, signature, canonical } = sign(`${SECRET}\n`);
      await send(headers);
      await page.getByRole('link', { name: /_ping 401 invalid signature/ }).click();
      const view = page.getByRole('region', { name: /^Request \d+$/ });
      await view.getByTestId('finding').waitFor();
      expect(await view.getByTestId('finding').textContent()).toMatch(
        /^key_with_newline The secret was used with a newline/,
      );
      // The test sends with Node.
      expect(await view.getByLabel('Language of the fix').inputValue()).toBe('Node');
      await view.getByText("Of a file: readFileSync(file, 'utf8').trimEnd().").waitFor();
      await view.getByLabel('Language of the fix').selectOption('PHP');
      expect(await view.getByRole('region', { name: 'the fix in PHP' }).textContent()).toContain(
        "$secret = getenv('CPG_SECRET');",
      );
      await view
        .getByText(`x-cpg-signature: ${signature.slice(0, 6)}… (64 characters)`, { exact: false })
        .waitFor();
      expect(await page.content()).not.toContain(signature);
      await view.getByRole('tab', { name: 'Canonical string' }).click();
      await view.getByRole('list', { name: 'Canonical string' }).waitFor();
      expect(await view.getByRole('region', { name: 'the canonical string' }).textContent()).toBe(canonical);
      expect(await findViolations()).toEqual([]);
    });

    it('copies the request as a program that signs it', async () => {
      const view = page.getByRole('region', { name: /^Request \d+$/ });
      await view.getByRole('tab', { name: 'Copy as' }).click();
      await view.getByRole('tab', { name: 'Node' }).click();
      await view.getByRole('button', { name: 'Copy the request in Node' }).click();
      await toast('Copied.');
      const program = (await page.evaluate('navigator.clipboard.readText()')) as string;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '-e', useFrozenClock(program)],
        {
          env: { ...process.env, CPG_SECRET: SECRET },
        },
      );
      expect(stdout).toMatch(/^200 .*"pong":true/);
      await view.getByRole('button', { name: 'Close the request' }).click();
    });

    // The gateway of the tests has a clock of its own.
    const useFrozenClock = (program: string) =>
      program.replace('Math.floor(Date.now() / 1000)', String(Math.floor(gateway.clock.now() / 1000) + 1));

    it('keeps only the rows in view in the page, of 10,000', async () => {
      const [row] = (await read('/requests')) as readonly object[];
      const data = Array.from({ length: 10_000 }, (_all, index) => ({ ...row, id: index + 1 }));
      await page.route('**/_sandbox/requests', (route) => route.fulfill({ json: { success: true, data } }));
      await page.reload();
      await page.getByText('10,000 requests', { exact: true }).waitFor();
      const log = page.getByTestId('log');
      await log.locator('[href="#/requests/10000"]').waitFor();
      await log.evaluate((element) => {
        element.scrollTop = 5_000 * 38;
      });
      await log.locator('[href="#/requests/5000"]').waitFor();
      expect(await log.getByRole('link').count()).toBeLessThan(100);
      await page.unroute('**/_sandbox/requests');
      await page.reload();
    });
  });

  describe('the whole walk', () => {
    let keyId: string;
    let secret: string;
    const dialog = () => page.getByRole('dialog').filter({ hasText: /./ }).last();
    const sendPing = (given: string, timestamp: number) =>
      fetch(`${gateway.url}/v1/_ping`, {
        headers: signRequest({
          ...{ keyId, key: createSigningKey(given), method: 'GET', target: '/v1/_ping' },
          timestamp: Math.floor(gateway.clock.now() / 1000) + timestamp,
        }).headers,
      });

    it('creates a key, whose secret is shown once', async () => {
      await open('/keys', 'API keys');
      await page.getByRole('button', { name: 'Create a key' }).click();
      await page.getByLabel('Label').fill(`Shop ${HOSTILE}`);
      expect(await findViolations()).toEqual([]);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      secret = (await page.getByTestId('secret').textContent()) ?? '';
      expect(secret).toMatch(/^cpg_[\w-]{43}$/);
      await dialog().getByRole('button', { name: 'Copy the key id' }).click();
      keyId = (await page.evaluate('navigator.clipboard.readText()')) as string;
      await page.getByRole('button', { name: 'Done' }).click();
      await page.getByRole('row', { name: keyId }).waitFor();
      expect(await page.content()).not.toContain(secret);
      expect(await findViolations()).toEqual([]);
    });

    it('sends a broken request, says why, and serves the fixed one', async () => {
      await sendPing(` ${secret}`, 0);
      await open('/requests', 'Requests');
      await page
        .getByRole('link', { name: new RegExp(`invalid signature ${keyId}`) })
        .first()
        .click();
      const finding = await page.getByTestId('finding').first().textContent();
      expect(finding).toMatch(/white space|space/i);
      expect((await sendPing(secret, 1)).status).toBe(200);
      await page.getByRole('button', { name: 'Close the request' }).click();
      await page
        .getByRole('link', { name: new RegExp(`_ping 200 served ${keyId}`) })
        .first()
        .waitFor();
      await open('/keys', 'API keys');
      await page.getByRole('row', { name: keyId }).getByText('1 of 600').waitFor();
    });

    it('rotates, changes and revokes a key', async () => {
      const row = page.getByRole('row', { name: keyId });
      await row.getByRole('button', { name: 'Rotate' }).click();
      await dialog().getByRole('button', { name: 'Rotate', exact: true }).click();
      await page.getByTestId('secret').waitFor();
      await page.getByRole('button', { name: 'Done' }).click();
      await row.getByText('both secrets for 24 h').waitFor();
      await row.getByRole('button', { name: 'Revoke' }).click();
      await dialog().getByRole('button', { name: 'Revoke', exact: true }).click();
      await row.getByText('revoked').waitFor();
    });

    it('receives the webhooks of a deposit in the built-in receiver', async () => {
      await open('/webhooks', 'Webhooks');
      await page.getByText('No endpoint yet.').waitFor();
      await page.getByRole('link', { name: 'use the built-in receiver' }).click();
      await page.getByRole('button', { name: 'Receive the events of acct_demo' }).click();
      await page.getByText('receiving', { exact: true }).waitFor();
      await open('/ledger/deposits', 'Ledger');
      await page.getByRole('button', { name: 'New address' }).click();
      await page.getByLabel('Currency').selectOption('USDT/ETH');
      await page.getByLabel('User').fill(HOSTILE);
      await page.getByRole('button', { name: 'Create', exact: true }).click();
      await page.getByRole('img', { name: /^QR code of 0x/ }).waitFor();
      expect(await findViolations()).toEqual([]);
      await page.getByRole('button', { name: 'Done' }).click();
      await page
        .getByRole('button', { name: /^Pay to request/ })
        .first()
        .click();
      await page.getByLabel('Amount in USDT').fill('40');
      await page.getByRole('button', { name: 'Pay', exact: true }).click();
      await toast('The payment is detected.');
      await pass(5);
      await open('/webhooks/receiver', 'Webhooks');
      await page.getByText('deposit.confirmed', { exact: true }).waitFor();
      await page.getByText('signature valid').first().waitFor();
      await page.locator('summary').first().click();
      expect(await findViolations()).toEqual([]);
    });

    it('withdraws, and follows the withdrawal to its end', async () => {
      await open('/ledger/withdrawals', 'Ledger');
      await page.getByRole('button', { name: 'Withdraw', exact: true }).click();
      await dialog().getByLabel('Currency').selectOption('ETH/ETH');
      await dialog().getByLabel('Amount').fill('0.25');
      await dialog().getByLabel('To address').fill('0x52908400098527886E0F7030069857D2E4169EE7');
      await dialog().getByRole('button', { name: 'Withdraw', exact: true }).click();
      const row = page.getByRole('row', { name: /0.25 ETH/ });
      await row.getByRole('list', { name: /is broadcasted$/ }).waitFor();
      expect(await findViolations()).toEqual([]);
      await pass(5);
      await row.getByRole('list', { name: /is confirmed$/ }).waitFor();
      await page.getByRole('button', { name: 'Fail withdrawal 1001' }).click();
      await page.getByText('Transaction failed on the network').waitFor();
    });

    it('logs the deliveries, and sends them again', async () => {
      await open('/webhooks/deliveries', 'Webhooks');
      const row = page.getByRole('row', { name: /withdrawal.failed/ });
      await row.getByText('delivered').waitFor();
      await row.getByRole('checkbox').check();
      await page.getByRole('button', { name: 'Requeue 1' }).click();
      await toast('1 delivery due.');
      await row.getByRole('link').click();
      const delivery = page.getByRole('region', { name: 'Delivery', exact: true });
      const shown = (name: RegExp) => delivery.getByRole('region', { name }).first().textContent();
      expect(await shown(/^the request of attempt/)).toMatch(
        /^POST \/_sandbox\/receiver\/inbox HTTP\/1\.1\n.*X-CPG-Signature: … .*"withdrawal\.failed"/s,
      );
      expect(await shown(/^the response of attempt/)).toMatch(/^HTTP\/1\.1 200 OK\n.*{"received":true}$/s);
      expect(await findViolations()).toEqual([]);
      await delivery.getByRole('button', { name: 'Send again' }).click();
      await toast('The delivery is due.');
      await delivery.getByRole('button', { name: 'Close the delivery' }).click();
    });

    it('filters the deliveries, and sends all that failed again', async () => {
      await page.getByLabel('Status').selectOption('dead');
      await page.getByText('No delivery here.').waitFor();
      await gateway.db.updateTable('webhook_delivery').set({ status: 'dead' }).execute();
      await page.getByLabel('Endpoint').selectOption({ index: 1 });
      await page.getByRole('row', { name: /dead/ }).first().waitFor();
      await page.getByRole('button', { name: /^Requeue all failed \(\d+\)$/ }).click();
      await page.getByRole('button', { name: 'Requeue all failed (0)' }).waitFor();
      await page.getByText('No delivery here.').waitFor();
      expect(await findViolations()).toEqual([]);
    });

    it('filters transactions, and runs the audit', async () => {
      await open('/ledger/transactions', 'Ledger');
      await page.getByLabel('Kind').selectOption('withdrawal');
      await page.getByRole('row', { name: /withdrawal 0.25 ETH/ }).waitFor();
      expect(await page.getByRole('row', { name: /deposit/ }).count()).toBe(0);
      expect(await findViolations()).toEqual([]);
      await open('/ledger/entries', 'Ledger');
      await page
        .getByRole('row', { name: /withdrawal confirm ETH/ })
        .first()
        .waitFor();
      await open('/ledger', 'Ledger');
      await page.getByRole('button', { name: 'Run the audit' }).click();
      await page.getByText('a balance is the sum of its ledger entries').waitFor();
      expect(await page.getByText(/violations/).count()).toBe(0);
      expect(await findViolations()).toEqual([]);
    });

    it('turns a currency off and on, and changes its terms', async () => {
      await open('/currencies', 'Currencies');
      const toggle = page.getByRole('switch', { name: 'Deposits of USDT on TRX' });
      await toggle.click();
      await page.locator('[aria-label="Deposits of USDT on TRX"][aria-checked=false]').waitFor();
      await toggle.click();
      await page.locator('[aria-label="Deposits of USDT on TRX"][aria-checked=true]').waitFor();
      await page.getByRole('button', { name: 'Terms of USDT on TRX' }).click();
      await page.getByLabel('Fee in percent').fill('a lot');
      await page.getByRole('button', { name: 'Save' }).click();
      await dialog().getByText('withdrawal_fee_percent: Input should be a percentage such as 0.5').waitFor();
      expect(await page.locator('.toast.failure').count()).toBe(0);
      await page.getByLabel('Fee in percent').fill('0.5');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByRole('cell', { name: '1 + 0.5 %', exact: true }).waitFor();
      expect(await findViolations()).toEqual([]);
    });
  });

  describe('hostile texts', () => {
    it('are shown as they are', async () => {
      await gateway.call(`/v1/balances?currency=${encodeURIComponent(HOSTILE)}`);
      await gateway.call('/v1/deposit-addresses', {
        method: 'POST',
        body: { currency: 'USDT', network: 'ETH', user_identifier: HOSTILE },
      });
      await fetch(`${gateway.url}/v1/<script>alert(1)</script>`, {
        headers: { 'x-cpg-key': HOSTILE, 'user-agent': HOSTILE },
      });
      for (const name of ['/v1/deposit-addresses', '/v1/<script>', '/v1/%3Cscript%3E']) {
        const row = page.getByRole('link', { name }).first();
        if ((await row.count()) === 0) continue;
        await row.click();
        await page
          .getByRole('region', { name: /^Request \d+$/ })
          .getByRole('tab', { name: 'Copy as' })
          .click();
      }
      expect((await change('/accounts', { id: 'acct_hostile', name: HOSTILE })).status).toBe(200);
      const url = `http://127.0.0.1:9/${HOSTILE}`;
      expect((await change('/webhooks', { url })).status).toBe(200);
      for (const [path, heading, text] of [
        ['/ledger', 'Ledger', HOSTILE],
        ['/ledger/deposits', 'Ledger', HOSTILE],
        ['/webhooks', 'Webhooks', url],
        ['/keys', 'API keys', `Shop ${HOSTILE}`],
      ] as const) {
        await open(path, heading);
        await page.getByText(text, { exact: true }).first().waitFor();
      }
      await open('/', 'Overview');
    });

    it('ran nothing, and nothing broke a rule of the content security policy', async () => {
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      // Browsers log each response that is not successful.
      expect(
        problems.filter((problem) => !problem.includes('the server responded with a status of 4')),
      ).toEqual([]);
      expect([...hosts]).toEqual([new URL(gateway.operationsUrl).host]);
    });
  });

  describe('looks', () => {
    // The rows of these pictures change only where the tests change them.
    beforeAll(() => gateway.stopLoops());

    /** Compares with the picture in the documentation; CPG_UPDATE_SCREENSHOT=true writes it. */
    const compare = async (name: string) => {
      const file = fileURLToPath(new URL(`../../docs/console-${name}.png`, import.meta.url));
      const taken = await page.screenshot({ animations: 'disabled' });
      if (process.env.CPG_UPDATE_SCREENSHOT === 'true') writeFileSync(file, taken);
      const [expected, actual] = [PNG.sync.read(readFileSync(file)), PNG.sync.read(taken)];
      const { width, height } = expected;
      expect([actual.width, actual.height]).toEqual([width, height]);
      const different = pixelmatch(expected.data, actual.data, undefined, width, height, { threshold: 0.2 });
      expect(different / (width * height)).toBeLessThan(MAX_DIFFERENT_PIXELS);
    };

    const DELIVERY_ID = '0c1d2e3f-4a5b-4c6d-8e7f-901a2b3c4d5e';

    /** The same data in every run: what is random or measured otherwise is fixed here. */
    const fill = async () => {
      await gateway.reset();
      gateway.clock.freeze(TEST_NOW * 1000);
      await change('/webhooks', { url: 'https://shop.example/hooks' });
      await change('/payments', { currency: 'USDT', network: 'ETH', amount: '25.5' });
      await pass(5);
      gateway.clock.freeze(TEST_NOW * 1000);
      await change('/withdrawals', { currency: 'USDT', network: 'ETH', amount: '10', to_address: ADDRESS });
      await change('/deposit-requests', { currency: 'USDT', network: 'ETH', user_identifier: 'alice' });
      await sql`UPDATE webhook_delivery SET status = 'dead', attempts = 1, id = ${DELIVERY_ID}
        WHERE id = (SELECT id FROM webhook_delivery ORDER BY event_id LIMIT 1)`.execute(gateway.db);
      await sql`UPDATE webhook_delivery SET next_attempt_at = ${new Date((TEST_NOW + 60) * 1000)}
        WHERE status = 'pending'`.execute(gateway.db);
      await gateway.db
        .insertInto('webhook_attempt')
        .values({
          delivery_id: DELIVERY_ID,
          attempted_at: new Date(TEST_NOW * 1000),
          response_status: 500,
          error: null,
          duration_ms: 12,
          request_timestamp: TEST_NOW,
          response_head: 'HTTP/1.1 500 Internal Server Error\nContent-Type: text/plain',
          response_body: `Unknown event ${HOSTILE}`,
          response_is_cut: false,
        })
        .execute();
    };

    /** Of the log, three requests with numbers and durations of their own. */
    const fixRequests = async () => {
      const before = ((await read('/requests')) as { readonly id: number }[]).at(-1)?.id ?? 0;
      await gateway.call('/v1/balances');
      const timestamp = Math.floor(gateway.clock.now() / 1000) - 299;
      const signed = { keyId: 'ck_demo_full', key: createSigningKey(` ${SECRET}`), method: 'GET', timestamp };
      await fetch(`${gateway.url}/v1/balances`, {
        headers: {
          ...signRequest({ ...signed, target: '/v1/balances' }).headers,
          'user-agent': 'Python-urllib/3.12',
        },
      });
      await gateway.call('/v1/_ping');
      await page.route(/_sandbox\/requests(?:\/\d+)?$/, async (route) => {
        const id = /\d+$/.exec(route.request().url())?.[0];
        const url = `${gateway.operationsUrl}/_sandbox/requests${id === undefined ? `?after=${before}` : `/${Number(id) + before}`}`;
        const body = (await (await fetch(url)).json()) as { readonly data?: object };
        const text = JSON.stringify(body.data ?? null, (name, value) => {
          if (name === 'id') return value - before;
          return name === 'ms' || name === 'authentication_ms' ? 1.2 : value;
        });
        const fixed = text.replaceAll(new URL(gateway.url).host, '127.0.0.1:8787');
        await route.fulfill({ json: { success: true, data: JSON.parse(fixed) } });
      });
    };

    const LOOKS = [
      ['overview', '/', 'Overview', /^10 USDT$/],
      ['requests', '/requests/2', 'Requests', 'key_with_spaces'],
      ['keys', '/keys', 'API keys', 'ck_demo_full'],
      ['webhooks', `/webhooks/deliveries/${DELIVERY_ID}`, 'Webhooks', /Unknown event/],
      ['ledger', '/ledger/withdrawals', 'Ledger', '1002'],
      ['currencies', '/currencies', 'Currencies', 'Tether USD'],
    ] as const;

    it.each(['light', 'dark'] as const)('as in the documentation, in the %s theme', async (theme) => {
      await fill();
      await fixRequests();
      await page.emulateMedia({ colorScheme: theme });
      await page.reload();
      for (const [name, path, heading, text] of LOOKS) {
        await open(path, heading);
        await page.locator('main').getByText(text).first().waitFor();
        await page.locator('.connection.open').waitFor();
        await page.getByText('Loading…').waitFor({ state: 'detached' });
        expect({ name, violations: await findViolations() }).toEqual({ name, violations: [] });
        await compare(`${name}-${theme}`);
      }
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      await page.unroute(/_sandbox\/requests(?:\/\d+)?$/);
    });

    /** The elements that a card cuts off at its right edge, and that nothing scrolls to. */
    const findCut = () =>
      page.evaluate(`[...document.querySelectorAll('main .card *')]
        .filter((element) => !element.parentElement.closest('.table-scroll, .code section, .log, .tabs, .visually-hidden'))
        .filter((element) =>
          element.getBoundingClientRect().right > element.closest('.card').getBoundingClientRect().right + 1)
        .map((element) => element.outerHTML.slice(0, 100))`);

    it('fits a phone and a wide screen', async () => {
      const last = (
        (await read('/requests')) as readonly { readonly id: number; readonly outcome: string }[]
      ).findLast(({ outcome }) => outcome === 'invalid_signature');
      for (const width of [360, 768, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        for (const [path, heading] of [
          ['/', 'Overview'],
          ['/requests', 'Requests'],
          [`/requests/${last?.id}`, 'Requests'],
          ['/keys', 'API keys'],
          ['/webhooks', 'Webhooks'],
          [`/webhooks/deliveries/${DELIVERY_ID}`, 'Webhooks'],
          ['/ledger/withdrawals', 'Ledger'],
          ['/currencies', 'Currencies'],
        ] as const) {
          await open(path, heading);
          const overflow = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect({ width, path, overflow }).toEqual({ width, path, overflow: 0 });
          await page.getByText('Loading…').waitFor({ state: 'detached' });
          expect({ width, path, cut: await findCut() }).toEqual({ width, path, cut: [] });
        }
      }
    });
  });
});
