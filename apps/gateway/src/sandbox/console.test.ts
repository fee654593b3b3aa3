import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { createSigningKey, signRequest } from '@cpg/protocol';
import { startTestGateway, TEST_NOW, type TestGateway } from '@cpg/test-support/gateway/test-gateway';
import { describeInCi } from '@cpg/test-support/programs';
import axe from 'axe-core';
import pixelmatch from 'pixelmatch';
import { type Browser, chromium, type Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';
const MAX_FIRST_LOAD_BYTES = 200 * 1024;
// Fonts are drawn a little differently by other versions of the browser.
const MAX_DIFFERENT_PIXELS = 0.03;
const HOSTILE = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}\${7*7}`;

// One browser and one gateway for all: starting them takes longer than most tests.
describeInCi('the console in Chromium', () => {
  let gateway: TestGateway;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const hosts = new Set<string>();
  let loadedBytes = 0;

  beforeAll(async () => {
    gateway = await startTestGateway();
    browser = await chromium.launch({
      executablePath: execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim(),
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    });
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on('pageerror', (error) => problems.push(String(error)));
    page.on('dialog', (dialog) => {
      problems.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => hosts.add(new URL(request.url()).host));
    page.on('response', async (response) => {
      if (!/\/(?:assets\/.*)?$/.test(new URL(response.url()).pathname)) return;
      loadedBytes += gzipSync(await response.body()).length;
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
    it('loads at most 200 KiB, and nothing from another host', () => {
      expect(loadedBytes).toBeGreaterThan(50_000);
      expect(loadedBytes).toBeLessThanOrEqual(MAX_FIRST_LOAD_BYTES);
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
      await view
        .getByText(`x-cpg-signature: ${signature.slice(0, 6)}… (64 characters)`, { exact: false })
        .waitFor();
      expect(await page.content()).not.toContain(signature);
      await view.getByRole('tab', { name: 'Canonical string' }).click();
      await view.getByRole('list', { name: 'Canonical string' }).waitFor();
      expect(await view.locator('pre').textContent()).toBe(canonical);
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
      await open('/', 'Overview');
    });

    it('ran nothing, and nothing broke a rule of the content security policy', async () => {
      expect(await page.evaluate('window.hacked')).toBeUndefined();
      // Browsers log each response that is not successful.
      expect(
        problems.filter((problem) => !problem.includes('the server responded with a status of 422')),
      ).toEqual([]);
      expect([...hosts]).toEqual([new URL(gateway.operationsUrl).host]);
    });
  });

  describe('looks', () => {
    /** Compares with the picture in the README; CPG_UPDATE_SCREENSHOT=true writes it. */
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

    it.each(['light', 'dark'] as const)('as in the README, in the %s theme', async (theme) => {
      await gateway.reset();
      gateway.clock.freeze(TEST_NOW * 1000);
      await page.emulateMedia({ colorScheme: theme });
      await page.reload();
      await page.getByText('No transaction yet.').waitFor();
      await page.locator('.connection.open').waitFor();
      expect(await findViolations()).toEqual([]);
      await compare(`overview-${theme}`);
    });

    it('fits a phone and a wide screen', async () => {
      for (const width of [360, 768, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        for (const [path, heading] of [
          ['/', 'Overview'],
          ['/requests', 'Requests'],
        ] as const) {
          await open(path, heading);
          const overflow = await page.evaluate(
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          );
          expect({ width, path, overflow }).toEqual({ width, path, overflow: 0 });
        }
      }
    });
  });
});
