import type { NavigationSection, Page } from './layout.ts';

const input = (name: string, label: string, more = ''): string =>
  `<label><span>${label}</span><input name="${name}" autocomplete="off" spellcheck="false" ${more}></label>`;

const area = (name: string, label: string, rows: number): string =>
  `<label><span>${label}</span><textarea name="${name}" rows="${rows}" spellcheck="false"></textarea></label>`;

const DEBUGGER: Page = {
  path: 'debugger.html',
  title: 'Signature debugger',
  label: 'Signature debugger',
  description:
    'Finds out why a signature is rejected: canonical string, bytes, first difference, and the mistake by name.',
  html: `<h1>Signature debugger</h1>
<p>Finds out why the gateway responds <code>Invalid signature</code>. Everything happens in this page: neither the request nor the secret is sent anywhere, and nothing is stored.</p>
<div class="tool"><form data-debugger>
${area('paste', 'Paste a request: as HTTP text, the output of <code>curl -v</code>, or a HAR file', 5)}
<div class="row">${input('method', 'Method', 'value="GET" required')}${input('timestamp', 'X-CPG-Timestamp', 'inputmode="numeric" required')}</div>
${input('target', 'Target: path and query as sent', 'value="/v1/balances" required')}
${area('body', 'Body as sent', 3)}
<div class="row">${input('key-id', 'X-CPG-Key')}${input('host', 'Host')}</div>
${input('signature', 'X-CPG-Signature', 'required')}
${input('secret', 'Secret', 'type="password" required')}
${area('signed', 'The string that you signed, if you have it', 5)}
<div class="row"><button class="primary">Explain</button><button type="button" data-debugger-link>Copy a link, without the secret</button></div>
</form><div class="results" data-debugger-results aria-live="polite"></div></div>
<p>The same in a terminal: <code>npx cpg explain &lt; request.txt</code>. All findings: <a href="errors/findings.html">findings about a signature</a>. The rules: <a href="wire-protocol.html#1-signing-a-request">wire protocol §1</a>.</p>`,
  headings: [],
  scripts: ['debugger'],
  source: 'apps/docs/src/tools.ts',
  isWide: true,
};

/** The tools that run in the browser. */
export const TOOLS: NavigationSection = { name: 'Tools', pages: [DEBUGGER] };
