import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createSigningKey, endpoints, signRequest } from '@cpg/protocol';
import { launchChromium } from '@cpg/test-support/chromium';
import { type GatewayProcess, startBuiltGateway } from '@cpg/test-support/gateway-process';
import { startProcess } from '@cpg/test-support/processes';
import { describeInCi } from '@cpg/test-support/programs';
import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPERATIONS, type OperationId, operationSlug } from './reference/operations.ts';
import { SAMPLE_LANGUAGES } from './reference/samples.ts';

const run = promisify(execFile);
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const SCREENSHOTS = fileURLToPath(new URL('../screenshots', import.meta.url));
const SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';

const paths = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.html'),
);
const operations = Object.keys(OPERATIONS) as OperationId[];

/** Pages of every kind: their looks are compared. */
const LOOKS = [
  'index.html',
  'guides/quick-start.html',
  'packages/gateway.html',
  'reference/create-withdrawal.html',
  'errors/client.html',
  'debugger.html',
];
const KINDS = [
  ...LOOKS,
  'guides/authentication.html',
  'reference/webhooks/deposit-confirmed.html',
  'wire-protocol.html',
  'packages/client.html',
];
const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 900 },
];

// One gateway and one browser for everything that needs them.
describeInCi('the site on the gateway', () => {
  let gateway: GatewayProcess;
  let browser: Browser;
  let context: BrowserContext;
  const hosts = new Set<string>();
  const problems: string[] = [];

  const openContext = async (options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> => {
    const opened = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    opened.setDefaultTimeout(30_000);
    // Shifts that follow an input of the reader are expected.
    await opened.addInitScript(
      'window.shift = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value; }).observe({ type: "layout-shift", buffered: true });',
    );
    opened.on('request', (request) => hosts.add(new URL(request.url()).host));
    opened.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${message.page()?.url()}: ${message.text()}`);
    });
    opened.on('weberror', (error) => problems.push(String(error.error())));
    return opened;
  };

  beforeAll(async () => {
    [gateway, browser] = await Promise.all([
      startBuiltGateway(),
      launchChromium('--font-render-hinting=none'),
    ]);
    context = await openContext({ permissions: ['clipboard-read', 'clipboard-write'] });
  });
  afterAll(async () => {
    await browser.close();
    await gateway.stop();
  });

  const open = async (path: string, within: BrowserContext = context): Promise<Page> => {
    const page = await within.newPage();
    await page.goto(`${gateway.url}/docs/${path}`);
    return page;
  };

  it('is served by npm run docs, whose forms reach the gateway', async () => {
    const served = await startProcess({
      command: [process.execPath, 'src/serve.ts'],
      cwd: dirname(DIST),
      environment: { PORT: '0', CPG_BASE_URL: gateway.url },
      ready: /^Documentation on \S+$/m,
    });
    const [address = ''] = /http:\S+/.exec(served.printed) ?? [];
    const get = async (path: string): Promise<[number, string]> => {
      const response = await fetch(new URL(path, address));
      return [response.status, await response.text()];
    };
    try {
      expect(await get('/')).toEqual([200, readFileSync(join(DIST, 'index.html'), 'utf8')]);
      expect(await get('guides/clock.html')).toEqual([
        200,
        readFileSync(join(DIST, 'guides/clock.html'), 'utf8'),
      ]);
      expect(await get('/v1/_ping')).toEqual([
        401,
        '{"success":false,"message":"Missing authentication headers"}',
      ]);
      expect((await get('nowhere.html'))[0]).toBe(404);
    } finally {
      await served.stop();
    }
  });

  const readClipboard = (page: Page): Promise<string> => page.evaluate('navigator.clipboard.readText()');

  it('shows samples that succeed in every language', async () => {
    const environment = {
      ...process.env,
      CPG_BASE_URL: gateway.url,
      CPG_KEY_ID: 'ck_demo_full',
      CPG_SECRET: SECRET,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const runSample = async (id: OperationId, language: (typeof SAMPLE_LANGUAGES)[number]) => {
      const { folder, fileName, program } = language;
      const file = join(REPOSITORY, folder, fileName(operationSlug(id)));
      const { stdout } = await run(program, [file], { env: environment });
      const parsed = endpoints[id].response.safeParse(JSON.parse(stdout));
      return parsed.success ? undefined : `${file}: ${stdout}`;
    };
    const [first] = SAMPLE_LANGUAGES;
    if (first === undefined) throw new Error('Expected a language: got none.');
    // Another sample reads what this one creates.
    const failed = [await runSample('createDepositAddress', first)];
    // The same request in the same second is a replay, so each language is at another sample.
    for (const step of operations.keys()) {
      await new Promise((resolve) => setTimeout(resolve, 1000 - (Date.now() % 1000)));
      const results = SAMPLE_LANGUAGES.map((language, index) =>
        runSample(operations[(step + index) % operations.length] as OperationId, language),
      );
      failed.push(...(await Promise.all(results)));
    }
    expect(failed.filter((each) => each !== undefined)).toEqual([]);
    expect(failed).toHaveLength(operations.length * SAMPLE_LANGUAGES.length + 1);
  });

  it('has no accessibility violation, no layout shift and no error on any page', async () => {
    const found: string[] = [];
    const page = await context.newPage();
    const findViolations = (options: string) =>
      page.evaluate<string[]>(
        `axe.run(document, ${options}).then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes[0].target))`,
      );
    for (const path of paths) {
      await page.goto(`${gateway.url}/docs/${path}`);
      await page.evaluate(axe.source);
      const violations = await findViolations(
        '{ resultTypes: ["violations"], rules: { "color-contrast": { enabled: false } } }',
      );
      // The contrast takes ten times as long as all other rules, and is the same on all pages of a kind.
      for (const colorScheme of KINDS.includes(path) ? (['light', 'dark'] as const) : []) {
        await page.emulateMedia({ colorScheme });
        violations.push(...(await findViolations('{ runOnly: ["color-contrast"] }')));
      }
      if ((await page.evaluate<number>('window.shift')) > 0.001) violations.push('layout shift');
      const overflows = await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth');
      if (overflows) violations.push('wider than the window');
      found.push(...violations.map((violation) => `${path}: ${violation}`));
    }
    await page.close();
    expect(found).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('fits a phone', async () => {
    const phone = await openContext({ viewport: { width: 390, height: 844 } });
    const page = await phone.newPage();
    const wide: string[] = [];
    for (const path of LOOKS) {
      await page.goto(`${gateway.url}/docs/${path}`);
      if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth')) wide.push(path);
    }
    expect(wide).toEqual([]);
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByRole('link', { name: 'Webhooks', exact: true }).click();
    await page.getByRole('heading', { name: 'Webhooks', exact: true }).waitFor();
    await phone.close();
  });

  it('finds pages by search, with the keyboard alone', async () => {
    const page = await open('index.html');
    await page.keyboard.press('/');
    await page.keyboard.type('insufficient balance');
    await page
      .getByRole('link', { name: /insufficient_available_balance/ })
      .first()
      .waitFor();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/docs\/\S+#/);
    await page.close();
  });

  it('keeps the theme and the language of the samples that were chosen', async () => {
    const page = await open('guides/authentication.html');
    await page.getByRole('button', { name: 'Light or dark' }).click();
    await page.getByRole('tab', { name: 'Python' }).click();
    await page.goto(`${gateway.url}/docs/reference/list-balances.html`);
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
    expect(await page.getByRole('tab', { name: 'Python' }).getAttribute('aria-selected')).toBe('true');
    await page.getByText('opener.open(request').waitFor();
    await page.evaluate('localStorage.clear()');
    await page.close();
  });

  it('sends a signed request from the page of an endpoint, and copies it as a sample', async () => {
    const page = await open('reference/list-balances.html');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-result="status"]', { hasText: '200' }).waitFor();
    expect(await page.locator('[data-result="response"]').textContent()).toContain('"currency": "USDT"');
    expect(await page.locator('[data-result="canonical"]').textContent()).toMatch(
      /^\d{10}\nGET\n\/v1\/balances\ncurrency=USDT&network=ETH\n[0-9a-f]{64}$/,
    );
    await page.getByLabel('network').fill('TRX');
    await page.getByRole('button', { name: 'Python', exact: true }).click();
    expect(await readClipboard(page)).toContain('target = "/v1/balances?currency=USDT&network=TRX"');
    await page.getByLabel('Secret').fill('wrong');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-result="status"]', { hasText: '401' }).waitFor();
    expect(await page.locator('[data-result="response"]').textContent()).toContain('Invalid signature');
    await page.close();
    // Browsers log responses that are errors.
    problems.length = 0;
  });

  it('creates a withdrawal from its page, and the debugger reads the HAR file of the request', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'cpg-docs-')), 'withdrawal.har');
    const recorded = await openContext({ recordHar: { path } });
    const page = await open('reference/create-withdrawal.html', recorded);
    await page.getByLabel('client_reference').fill('from-the-page');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-result="status"]', { hasText: '200' }).waitFor();
    expect(await page.locator('[data-result="response"]').textContent()).toContain(
      '"amount_decimal": "25.500000"',
    );
    await recorded.close();
    const debug = await open('debugger.html');
    await debug.getByLabel(/Paste a request/).fill(readFileSync(path, 'utf8'));
    await debug.getByLabel('Secret').fill(SECRET);
    await debug.getByRole('button', { name: 'Explain' }).click();
    await debug.getByText('The signature is right.').waitFor();
    expect(await debug.getByLabel('Body as sent').inputValue()).toContain(
      '"client_reference":"from-the-page"',
    );
    await debug.close();
    rmSync(dirname(path), { recursive: true });
  });

  it('names the mistake in a pasted request, marks the first differing byte, and sends nothing', async () => {
    const page = await open('debugger.html');
    const { headers } = signRequest({
      key: createSigningKey(`${SECRET}\n`),
      keyId: 'ck_demo_full',
      method: 'GET',
      target: '/v1/balances?currency=USDT',
      timestamp: 1_747_444_800,
    });
    const sent: string[] = [];
    page.on('request', (request) => {
      // Chromium asks for the icon again when the address changes.
      if (!request.url().endsWith('/icon.svg')) sent.push(request.url());
    });
    const lines = Object.entries(headers).map((header) => `> ${header.join(': ')}`);
    const pasted = [
      '* Connected',
      '> GET /v1/balances?currency=USDT HTTP/1.1',
      '> Host: api.example',
      ...lines,
      '>',
    ];
    await page.getByLabel(/Paste a request/).fill(pasted.join('\n'));
    await page.getByLabel('Secret').fill(SECRET);
    await page.getByLabel('The string that you signed').fill('1747444800\nGET\n/v1/balance');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('link', { name: 'key_with_newline' }).waitFor();
    await page.getByText('The first difference is at byte 26, in the path.').waitFor();
    expect(await page.locator('mark').first().textContent()).toBe('73');
    await page.getByRole('button', { name: 'Copy a link' }).click();
    const link = await readClipboard(page);
    expect(Buffer.from(link.split('#request=')[1] ?? '', 'base64url').toString()).not.toContain(
      'demo-full-DO',
    );
    expect(sent).toEqual([]);
    const again = await context.newPage();
    await again.goto(link);
    expect(await again.getByLabel('X-CPG-Signature').inputValue()).toBe(headers['X-CPG-Signature']);
    expect(await again.getByLabel('Secret').inputValue()).toBe('');
    await again.close();
    await page.close();
  });

  // CPG_UPDATE_SCREENSHOT=true writes them.
  it('looks as before, on a phone and a desktop, light and dark', async () => {
    const different: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const viewport of SIZES) {
        const visitor = await openContext({ colorScheme, viewport });
        for (const path of LOOKS) {
          const page = await open(path, visitor);
          // Differs from run to run.
          await page.evaluate(
            'for (const each of document.querySelectorAll("[data-server]")) each.textContent = "http://127.0.0.1:8787"',
          );
          const file = join(
            SCREENSHOTS,
            `${path.replace('.html', '')}-${viewport.width}-${colorScheme}.jpeg`,
          );
          const seen = await page.screenshot({ type: 'jpeg', quality: 60 });
          if (process.env.CPG_UPDATE_SCREENSHOT === 'true') {
            mkdirSync(dirname(file), { recursive: true });
            writeFileSync(file, seen);
          }
          const share = existsSync(file) ? await compare(page, readFileSync(file), seen) : 1;
          if (share > MAX_DIFFERENT) different.push(`${file}: ${Math.round(share * 100)} % of the picture`);
          await page.close();
        }
        await visitor.close();
      }
    }
    expect(different).toEqual([]);
  });

  it('asked no other host than the gateway', () => {
    expect([...hosts]).toEqual([new URL(gateway.url).host]);
  });
});

/** Fonts differ a little between machines; a broken layout or a wrong theme differs in more. */
const MAX_DIFFERENT = 0.1;

/** The share of the picture that differs, in squares of 8 × 8 pixels. */
const compare = async (page: Page, expected: Buffer, seen: Buffer): Promise<number> => {
  const draw = `async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
    const [width, height] = [Math.ceil(image.width / 8), Math.ceil(image.height / 8)];
    const canvas = new OffscreenCanvas(width, height).getContext('2d');
    canvas.imageSmoothingQuality = 'high';
    canvas.drawImage(image, 0, 0, width, height);
    return canvas.getImageData(0, 0, width, height).data;
  }`;
  return page.evaluate<number>(`(async () => {
    const draw = ${draw};
    const [left, right] = [await draw('${expected.toString('base64')}'), await draw('${seen.toString('base64')}')];
    if (left.length !== right.length) return 1;
    let different = 0;
    for (let at = 0; at < left.length; at += 4) {
      if ([0, 1, 2].some((channel) => Math.abs(left[at + channel] - right[at + channel]) > 40)) different += 1;
    }
    return different / (left.length / 4);
  })()`);
};
