import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CPG_ERROR_CODES } from '@cpg/client';
import { createSigningKey, PROTOCOL_ERROR_CODES, REJECTIONS } from '@cpg/protocol';
import { explainMismatch, explainWebhookMismatch } from '@cpg/protocol/explain';
import { readVectorFile, vectorBodyBytes } from '@cpg/protocol/vectors';
import { SERVER_MIDDLEWARE_ERROR_CODES } from '@cpg/server-middleware';
import { escapeHtml } from '../highlight.ts';
import { type NavigationSection, type Page, relativePath } from '../layout.ts';
import { REPOSITORY, renderInline } from '../markdown.ts';
import { CLIENT_ADVICE, PROTOCOL_ADVICE, WIRE_ADVICE } from './advice.ts';
import { DOCTOR_ADVICE, EXIT_CODE_ADVICE, GATEWAY_ADVICE, LOG_ADVICE } from './program-advice.ts';

interface Entry {
  readonly code: string;
  /** Beside the code, e.g. the status. */
  readonly badge?: string;
  readonly meaning: string;
  /** Markdown. */
  readonly advice: string;
}

interface ErrorPage {
  readonly name: string;
  readonly title: string;
  readonly label: string;
  readonly introduction: string;
  readonly entries: readonly Entry[];
  readonly source: string;
}

const createPage = ({ name, title, label, introduction, entries, source }: ErrorPage): Page => {
  const path = `errors/${name}.html`;
  const inline = (text: string): string =>
    renderInline(
      text.replaceAll(/\]\(site:([^)]+)\)/g, (_, target: string) => `](${relativePath(path, target)})`),
    );
  const sections = entries.map(({ code, badge, meaning, advice }) => {
    const status = badge === undefined ? '' : ` <span class="status">${badge}</span>`;
    return `<section class="error"><h2 id="${code}"><code>${code}</code>${status} <a class="anchor" href="#${code}" aria-label="Link to ${code}">#</a></h2><p class="meaning">${inline(meaning)}</p>${advice === '' ? '' : `<p>${inline(advice)}</p>`}</section>`;
  });
  return {
    path,
    title,
    label,
    description: `${title}: what each one means, and what to do.`,
    html: `<h1>${escapeHtml(title)}</h1><p>${inline(introduction)}</p>${sections.join('\n')}`,
    headings: entries.map(({ code }) => ({ level: 2, id: code, text: code })),
    source,
  };
};

const entriesOf = <Code extends string>(
  codes: Readonly<Record<Code, string>>,
  advice: Readonly<Record<Code, string>>,
): Entry[] =>
  Object.entries<string>(codes).map(([code, meaning]) => ({ code, meaning, advice: advice[code as Code] }));

type Texts = Readonly<Record<string, readonly [meaning: string, advice: string]>>;

const entriesOfTexts = (texts: Texts): Entry[] =>
  Object.entries(texts).map(([name, [meaning, advice]]) => ({
    code: name.replaceAll(/[ /]/g, '-'),
    meaning,
    advice,
  }));

/** The codes of the gateway, from its sources: the site is built before the gateway, which serves it. */
const readStartErrors = (): Readonly<Record<string, string>> => {
  const source = readFileSync(join(REPOSITORY, 'apps/gateway/src/database/start-error.ts'), 'utf8');
  const [, table = ''] = /START_ERROR_CODES = Object\.freeze\(\{([\s\S]*?)\}\)/.exec(source) ?? [];
  const codes = [...table.matchAll(/^ {2}(\w+):\s+'(.*)',$/gm)];
  return Object.fromEntries(codes.map(([, code = '', meaning = '']) => [code, meaning]));
};

/** The sections of the page of the middleware, which explains its codes. */
const readMiddlewareAdvice = (): Readonly<Record<string, string>> => {
  const page = readFileSync(join(REPOSITORY, 'apps/docs/packages/server-middleware.md'), 'utf8');
  const sections = page.matchAll(/^#### (\w+)\n([\s\S]*?)(?=^#|$(?![\s\S]))/gm);
  const advice = Object.fromEntries(
    [...sections].map(([, code = '', text = '']) => [
      code,
      text.trim().replaceAll('](#', '](site:packages/server-middleware.html#'),
    ]),
  );
  const missing = Object.keys(SERVER_MIDDLEWARE_ERROR_CODES).find((code) => advice[code] === undefined);
  if (missing === undefined) return advice;
  throw new Error(`Expected a section ${missing} in the page of @cpg/server-middleware: got none.`);
};

/** What the explanation of a signature says for each mistake: the messages that the vectors of the package give. */
const readFindings = (): Entry[] => {
  const messages = new Map<string, string>();
  const simplestFirst = readVectorFile('explain-mismatch').vectors.toSorted(
    (left, right) => left.findings.length - right.findings.length,
  );
  for (const vector of simplestFirst) {
    // Each explanation takes some milliseconds, and some hundred when nothing is found.
    if (vector.findings.every((code) => messages.has(code))) continue;
    const key = createSigningKey(Buffer.from(vector.secretB64, 'base64').toString());
    const { signature, now, timestamp, target, kind } = vector;
    const body = vectorBodyBytes(vector.bodyB64);
    const combinations = vector.findings.length > 1;
    const findings =
      kind === 'webhook'
        ? explainWebhookMismatch({ key, signature, now, combinations, webhook: { body, timestamp, target } })
        : explainMismatch({
            key,
            signature,
            now,
            combinations,
            request: { ...vector, body, timestamp, target },
          });
    for (const { code, message } of findings) messages.set(code, message);
  }
  return [...messages].map(([code, message]) => ({ code, meaning: message, advice: '' }));
};

/** The pages that say what every error means. */
export const createErrorPages = (): NavigationSection => ({
  name: 'Errors',
  pages: [
    createPage({
      name: 'wire',
      title: 'Wire messages',
      label: 'Wire messages',
      introduction:
        'Every message of an error response. The `message` is stable, so programs may compare it; the code in front of it is the name in `REJECTIONS` of @cpg/protocol and in `rejection` of a `CpgError`.',
      entries: Object.values(REJECTIONS).map(({ code, status, message }) => ({
        code,
        badge: `${status}`,
        meaning: `\`${message}\``,
        advice: WIRE_ADVICE[code],
      })),
      source: 'apps/docs/src/errors/advice.ts',
    }),
    createPage({
      name: 'client',
      title: 'Errors of @cpg/client',
      label: '@cpg/client',
      introduction: 'The `code` of every `CpgError`. See [errors and envelope](site:guides/errors.html).',
      entries: entriesOf(CPG_ERROR_CODES, CLIENT_ADVICE),
      source: 'apps/docs/src/errors/advice.ts',
    }),
    createPage({
      name: 'server-middleware',
      title: 'Errors of @cpg/server-middleware',
      label: '@cpg/server-middleware',
      introduction:
        'The `code` of every `ServerMiddlewareError`, in the log of your service. Callers get a 500 or 503 without details.',
      entries: entriesOf(SERVER_MIDDLEWARE_ERROR_CODES, readMiddlewareAdvice()),
      source: 'apps/docs/packages/server-middleware.md',
    }),
    createPage({
      name: 'protocol',
      title: 'Errors of @cpg/protocol',
      label: '@cpg/protocol',
      introduction:
        'The `code` of every `ProtocolError`: the calling program passed an argument that cannot be used.',
      entries: entriesOf(PROTOCOL_ERROR_CODES, PROTOCOL_ADVICE),
      source: 'apps/docs/src/errors/advice.ts',
    }),
    createPage({
      name: 'findings',
      title: 'Findings about a signature',
      label: 'Signature findings',
      introduction:
        'What `explainMismatch`, `npx cpg explain` and the [signature debugger](site:debugger.html) report. Each finding reproduces the received signature exactly; nothing is guessed.',
      entries: readFindings(),
      source: 'packages/protocol/src/explain',
    }),
    createPage({
      name: 'commands',
      title: 'Exit codes of the commands',
      label: 'Exit codes',
      introduction:
        'Programs decide by the exit code, people by the message on standard error. `CPG_DOCUMENTATION_URL` sets where the addresses in messages lead: `https://example.com/docs/`.',
      entries: entriesOfTexts(EXIT_CODE_ADVICE),
      source: 'apps/docs/src/errors/program-advice.ts',
    }),
    createPage({
      name: 'doctor',
      title: 'Findings of cpg-doctor',
      label: 'cpg-doctor',
      introduction:
        'Every check of `cpg-doctor` and of `doctor(app)`, by its name in the report. The finding itself says what was seen and which setting fixes it. See [cpg-doctor](site:packages/server-middleware.html#cpg-doctor).',
      entries: entriesOfTexts(DOCTOR_ADVICE),
      source: 'apps/docs/src/errors/program-advice.ts',
    }),
    createPage({
      name: 'gateway',
      title: 'Errors of the reference gateway',
      label: 'Reference gateway',
      introduction:
        'Why the gateway or one of its commands does not start, and then the codes in its log. Responses to requests have [wire messages](site:errors/wire.html).',
      entries: [
        ...entriesOf(readStartErrors(), GATEWAY_ADVICE),
        ...entriesOfTexts(LOG_ADVICE).map((entry) => ({ ...entry, badge: 'log' })),
      ],
      source: 'apps/docs/src/errors/program-advice.ts',
    }),
  ],
});
