import { Tabs } from '@base-ui/react/tabs';
import { useState } from 'react';
import { useOverview } from '../../account.ts';
import type { RequestDetail, ShownBody } from '../../api.ts';
import { useFixed } from '../../client.ts';
import { Badge, StatusCode } from '../../components/badge.tsx';
import { Button, Select } from '../../components/controls.tsx';
import { Empty, Loaded } from '../../components/page.tsx';
import { Code } from '../../components/values.tsx';
import { FIX_LANGUAGES, findCodeFix, findFixLanguage } from '../../fixes/fixes.ts';
import { formatMs, formatTime } from '../../format.ts';
import { createSnippet, LANGUAGES } from '../../snippets.ts';

/** A text in which line feeds can be seen: the fields of a canonical string are separated by them. */
const CanonicalString = ({ text }: { readonly text: string }) => {
  const names = ['timestamp', 'method', 'path', 'query', 'body sha256'];
  return (
    <ol className="canonical" aria-label="Canonical string">
      {text.split('\n').map((line, index) => (
        <li key={names[index] ?? index}>
          <span className="hint">{names[index]}</span>
          <code>{line === '' ? '(empty)' : line}</code>
        </li>
      ))}
    </ol>
  );
};

const formatBody = ({ text }: ShownBody): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const Body = ({ body, label }: { readonly body: ShownBody; readonly label: string }) =>
  body.bytes === 0 ? (
    <p className="hint">No body.</p>
  ) : (
    <>
      <p className="hint">
        {body.bytes.toLocaleString('en')} bytes{body.is_binary ? ', shown in base64' : ''}
        {body.is_cut ? ', only the start is kept' : ''}
      </p>
      <Code label={label} text={body.text} />
      {formatBody(body) === body.text ? null : (
        <details>
          <summary>Indented</summary>
          <Code label={`${label}, indented`} text={formatBody(body)} copy={false} />
        </details>
      )}
    </>
  );

const LANGUAGE_NAMES = FIX_LANGUAGES.map(({ name }) => name);

/** What to write in place of each mistake, in the language of the caller as its `User-Agent` tells, or as chosen. */
const CodeFixes = ({ head, codes }: { readonly head: string; readonly codes: readonly string[] }) => {
  const found = findFixLanguage(head)?.name;
  const [chosen, choose] = useState(found ?? LANGUAGE_NAMES[0] ?? '');
  const language = FIX_LANGUAGES.find(({ name }) => name === chosen);
  if (language === undefined) return null;
  const fixes = codes.flatMap((code) => {
    const fix = findCodeFix(code, language);
    return fix === undefined ? [] : [{ ...fix, name: code }];
  });
  // Several mistakes of one step have the same code.
  const blocks = [...new Set(fixes.map(({ code }) => code))];
  if (blocks.length === 0) return null;
  return (
    <div className="code-fix">
      <p>
        <strong>In</strong>{' '}
        <Select label="Language of the fix" values={LANGUAGE_NAMES} value={chosen} onChange={choose} />{' '}
        <span className="hint">{found === chosen ? 'which sent this request' : null}</span>
      </p>
      {fixes.map(({ name, note }) => (note === undefined ? null : <p key={name}>{note}</p>))}
      {blocks.map((code) => (
        <Code key={code} label={`the fix in ${chosen}`} text={code} />
      ))}
    </div>
  );
};

const Findings = ({ request }: { readonly request: RequestDetail }) => {
  const { exchange, outcome } = request;
  if (exchange === null || exchange.fix === null) return null;
  return (
    <div className="problem" role="note" aria-label="Why it was rejected">
      <strong>{outcome.replaceAll('_', ' ')}</strong>
      {exchange.findings.map(({ code, message }) => (
        <p key={code} data-testid="finding">
          <code>{code}</code> {message}
        </p>
      ))}
      <p>
        <strong>Fix:</strong> {exchange.fix}
      </p>
      <CodeFixes head={exchange.head} codes={exchange.findings.map(({ code }) => code)} />
    </div>
  );
};

const Checks = ({ request }: { readonly request: RequestDetail }) => (
  <ol className="checks" aria-label="Checks">
    {request.passed.map(({ check, ms }) => (
      <li key={check} className="good">
        {check.replaceAll('_', ' ')} <span className="hint">{formatMs(ms)}</span>
      </li>
    ))}
    {request.rejected_by === null ? null : (
      <li className="bad">{request.rejected_by.replaceAll('_', ' ')}</li>
    )}
  </ol>
);

const Snippets = ({ request }: { readonly request: RequestDetail }) => {
  const overview = useOverview();
  const { exchange } = request;
  if (exchange === null || overview.data === undefined) return null;
  const input = {
    baseUrl: overview.data.api_url,
    keyId: request.key_id ?? 'ck_demo_full',
    method: request.method,
    target: exchange.target,
    body: exchange.body.text,
  };
  return (
    <>
      <p className="hint">
        Each signs the request again. Set <code>CPG_SECRET</code> to the secret of the key first.
      </p>
      <Tabs.Root defaultValue="curl">
        <Tabs.List className="tabs" aria-label="Language">
          {LANGUAGES.map((language) => (
            <Tabs.Tab key={language} value={language} className="tab">
              {language}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {LANGUAGES.map((language) => (
          <Tabs.Panel key={language} value={language}>
            <Code label={`the request in ${language}`} text={createSnippet(language, input)} />
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </>
  );
};

const Exchange = ({ request }: { readonly request: RequestDetail }) => {
  const { exchange } = request;
  if (exchange === null) {
    return (
      <Empty title="The bytes of this request are not kept any more.">
        <p>The log keeps those of the latest requests, 32 MiB in all. Send it again to see them.</p>
      </Empty>
    );
  }
  return (
    <Tabs.Root defaultValue="Request">
      <Tabs.List className="tabs" aria-label="Parts of the request">
        {['Request', 'Canonical string', 'Response', 'Copy as'].map((name) => (
          <Tabs.Tab key={name} value={name} className="tab">
            {name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value="Request" className="stack">
        <Code label="the head of the request" text={exchange.head} />
        <Body label="the body of the request" body={exchange.body} />
      </Tabs.Panel>
      <Tabs.Panel value="Canonical string" className="stack">
        {exchange.canonical === null ? (
          <p className="hint">This request has none: its target, timestamp or body is not complete.</p>
        ) : (
          <>
            <p className="hint">What the gateway computed from the bytes. Yours must be the same.</p>
            <CanonicalString text={exchange.canonical} />
            <Code label="the canonical string" text={exchange.canonical} />
          </>
        )}
      </Tabs.Panel>
      <Tabs.Panel value="Response" className="stack">
        <Code label="the head of the response" text={exchange.response_head} />
        <Body label="the body of the response" body={exchange.response_body} />
      </Tabs.Panel>
      <Tabs.Panel value="Copy as" className="stack">
        <Snippets request={request} />
      </Tabs.Panel>
    </Tabs.Root>
  );
};

/** One request: the decision about it, its bytes, and what the gateway computed. */
export const RequestView = ({ id, onClose }: { readonly id: number; readonly onClose: () => void }) => {
  const query = useFixed<RequestDetail>(`/requests/${id}`);
  return (
    <section className="card request-view" aria-label={`Request ${id}`}>
      <header className="card-header">
        <h2>Request {id}</h2>
        <Button kind="quiet" onClick={onClose} aria-label="Close the request">
          ×
        </Button>
      </header>
      <div className="stack">
        <Loaded query={query}>
          {(request) => (
            <>
              <p className="request-line">
                <StatusCode status={request.status} /> <Badge>{request.outcome}</Badge>{' '}
                <code>
                  {request.method} {request.path}
                </code>
              </p>
              <p className="hint">
                {formatTime(request.at)} · {formatMs(request.ms)} · from {request.client_ip ?? 'unknown'} ·
                key {request.key_id ?? 'none'} · route {request.route ?? 'none'}
              </p>
              <Findings request={request} />
              <Checks request={request} />
              <Exchange request={request} />
            </>
          )}
        </Loaded>
      </div>
    </section>
  );
};
