import {
  type Endpoint,
  endpoints,
  REJECTIONS,
  type RejectionCode,
  WEBHOOK_EVENTS,
  type WebhookEventName,
} from '@cpg/protocol';
import { escapeHtml } from '../highlight.ts';
import { type NavigationSection, type Page, relativePath } from '../layout.ts';
import { type Heading, readShownFile, renderInline, type Sample, slug, tabs } from '../markdown.ts';
import {
  type Field,
  fieldsOf,
  fieldTable,
  findOperation,
  findSchema,
  innerSchema,
  type JsonSchema,
} from './fields.ts';
import {
  getSampleEndpoint,
  OPERATIONS,
  type OperationId,
  type OperationText,
  operationSlug,
} from './operations.ts';
import { SAMPLE_LANGUAGES } from './samples.ts';

const FOLDER = 'reference';

/** Collects the headings of a page that is not written in Markdown. */
const createHeadings = () => {
  const headings: Heading[] = [];
  const heading = (level: 2 | 3, text: string): string => {
    const id = slug(text);
    headings.push({ level, id, text });
    return `<h${level} id="${id}">${escapeHtml(text)} <a class="anchor" href="#${id}" aria-label="Link to ${escapeHtml(text)}">#</a></h${level}>`;
  };
  return { headings, heading };
};

const linksOf = (path: string, text: string): string =>
  text.replaceAll(/\]\(site:([^)]+)\)/g, (_, target: string) => `](${relativePath(path, target)})`);

const paragraphs = (path: string, texts: readonly string[]): string =>
  texts.map((text) => `<p>${renderInline(linksOf(path, text))}</p>`).join('');

const readSamples = (id: OperationId): Sample[] =>
  SAMPLE_LANGUAGES.map(({ name, language, folder, fileName }) => ({
    name,
    language,
    ...readShownFile(`${folder}/${fileName(operationSlug(id))}`),
  }));

const readExample = (file: string): Sample => ({
  name: 'Response',
  language: 'json',
  ...readShownFile(`apps/docs/${file}`),
});

/** The tables of a response: the envelope's data, and each list of objects in it. */
const responseTables = (data: JsonSchema, heading: (level: 2 | 3, text: string) => string): string => {
  const inner = innerSchema(data);
  if (inner.$ref === undefined) return fieldTable(fieldsOf(inner, 'Pong'));
  const fields = fieldsOf(inner);
  const nested = fields.filter(({ schema }) => schema.items?.$ref !== undefined);
  return [
    fieldTable(fields),
    ...nested.map(
      ({ name, schema }) => heading(3, `Fields of ${name}`) + fieldTable(fieldsOf(innerSchema(schema))),
    ),
  ].join('');
};

const parametersOf = (id: OperationId, { path = {} }: OperationText): Field[] => {
  const { method, path: template } = endpoints[id];
  const type = `${id[0]?.toUpperCase()}${id.slice(1)}Query`;
  const { parameters = [] } = findOperation(method, template);
  return parameters.map(({ name, required, schema, in: location }) => {
    const text =
      location === 'path'
        ? path[name]?.description
        : fieldsOf({ properties: { [name]: schema } }, type)[0]?.text;
    if (text === undefined) throw new Error(`Expected a description of ${id}.${name}: got none.`);
    return { name, schema, isRequired: required, text };
  });
};

const COMMON: readonly RejectionCode[] = [
  'invalid_signature',
  'timestamp_outside_window',
  'signature_already_used',
  'rate_limit_exceeded',
];

const errorTable = (path: string, endpoint: Endpoint, extra: readonly RejectionCode[]): string => {
  const own = [...(endpoint.rejections ?? []), ...extra];
  const rows = [...own, ...COMMON].map((code) => {
    const { status, message } = REJECTIONS[code];
    const link = relativePath(path, `errors/wire.html#${code}`);
    const text = code === 'missing_permission' ? `${message}: ${endpoint.permission}` : message;
    return `<tr><td>${status}</td><td><a href="${link}">${escapeHtml(text)}</a></td></tr>`;
  });
  const all = `<a href="${relativePath(path, 'errors/wire.html')}">all wire messages</a>`;
  return `<div class="table" tabindex="0" role="group" aria-label="Table"><table><thead><tr><th scope="col">Status</th><th scope="col">Message</th></tr></thead><tbody>${rows.join('')}</tbody></table></div><p>Every endpoint can also reject a request as ${all} describe. Messages are stable: programs may compare them.</p>`;
};

const extraRejections = (id: OperationId): RejectionCode[] => {
  const { permission, body, path, query } = endpoints[id] as Endpoint;
  const takesInput = body !== null || path.includes('{') || Object.keys(query.shape).length > 0;
  return [
    ...(takesInput ? (['validation_failed'] as const) : []),
    ...(path.includes('{') ? (['not_found'] as const) : []),
    ...(permission === null ? [] : (['missing_permission'] as const)),
  ];
};

const DEMO_KEY = 'ck_demo_full';
const DEMO_SECRET = 'cpg-demo-full-DO-NOT-USE-IN-PRODUCTION';

/** The form that sends a signed request. `browser/try-it.ts` reads it. */
const tryIt = (id: OperationId, parameters: readonly Field[], bodySchema: JsonSchema | undefined): string => {
  const { sample, path = {} } = OPERATIONS[id];
  const fields = [...parameters, ...(bodySchema === undefined ? [] : fieldsOf(bodySchema))];
  const inputs = fields.map(({ name, schema, isRequired }) => {
    const value = path[name]?.value ?? sample[name] ?? '';
    const kind = path[name] === undefined ? 'input' : 'path';
    const type = schema.type === 'integer' && kind === 'input' ? 'number' : 'text';
    return `<label><span>${name}${isRequired ? ' <span class="required">required</span>' : ''}</span><input name="${name}" data-kind="${kind}" data-type="${type}" value="${escapeHtml(`${value}`)}" autocomplete="off" spellcheck="false"></label>`;
  });
  const panels = SAMPLE_LANGUAGES.map(
    ({ name }) => `<button type="button" data-copy-as="${name}">${name}</button>`,
  );
  return `<p>Sends a signed request from this page to <code data-server>http://127.0.0.1:8787</code>. It works on the <code>/docs</code> of a running sandbox (<code>npm run sandbox</code>); the fields hold its published demo key. The signature is computed in your browser.</p>
<div class="tool" data-try="${escapeHtml(JSON.stringify(getSampleEndpoint(id)))}"><form>${inputs.join('')}
<label><span>Key id</span><input name="key-id" value="${DEMO_KEY}" autocomplete="off" spellcheck="false"></label>
<label><span>Secret</span><input name="secret" value="${DEMO_SECRET}" autocomplete="off" spellcheck="false"></label>
<button class="primary">Send</button></form>
<div class="results" aria-live="polite"><h3>Canonical string</h3><pre tabindex="0"><code data-result="canonical"></code></pre><h3>Headers</h3><pre tabindex="0"><code data-result="headers"></code></pre><h3>Response <span data-result="status"></span></h3><pre tabindex="0"><code data-result="response"></code></pre>
<div class="copy-as"><span>Copy as</span>${panels.join('')}</div></div></div>`;
};

const createEndpointPage = (id: OperationId): Page => {
  const endpoint: Endpoint = endpoints[id];
  const text = OPERATIONS[id];
  const path = `${FOLDER}/${operationSlug(id)}.html`;
  const { method, permission, summary, path: template } = endpoint;
  const { headings, heading } = createHeadings();
  const operation = findOperation(method, template);
  const parameters = parametersOf(id, text);
  const bodySchema = operation.requestBody?.content['application/json']?.schema;
  const responseSchema = operation.responses['200']?.content['application/json']?.schema as JsonSchema;
  const envelope = findSchema(`${responseSchema.$ref?.split('/').at(-1)}`);
  const data = envelope.properties?.data as JsonSchema;
  const needs =
    permission === null
      ? 'Needs no permission: any valid key may call it.'
      : `Needs the permission <code>${permission}</code>.`;
  const request = [
    ...(parameters.length > 0 ? [heading(2, 'Parameters'), fieldTable(parameters, true)] : []),
    ...(bodySchema === undefined ? [] : [heading(2, 'Body'), fieldTable(fieldsOf(bodySchema), true)]),
  ];
  const authentication = relativePath(path, 'guides/authentication.html');
  const html = `<h1>${escapeHtml(summary)}</h1>
<p class="endpoint"><span class="method ${method.toLowerCase()}">${method}</span> <code>${template}</code></p>
<p>${needs} The server is <code data-server>http://127.0.0.1:8787</code>. <a href="${authentication}">Sign every request.</a></p>
<div class="columns"><div>
${request.join('\n')}
${heading(2, 'Response')}<p>The <code>data</code> of the <a href="${relativePath(path, 'guides/errors.html')}#the-envelope">envelope</a>${data.items === undefined ? '' : ', an array of rows'}.</p>
${responseTables(data, heading)}
${heading(2, 'Errors')}${errorTable(path, endpoint, extraRejections(id))}
${heading(2, 'Notes')}${paragraphs(path, text.notes)}
</div><div class="examples">
${heading(2, 'Request')}${tabs(readSamples(id))}
${heading(2, 'Example response')}${tabs([{ ...readExample(`responses/${operationSlug(id)}.json`), name: '200 OK' }])}
</div></div>
${heading(2, 'Try it')}${tryIt(id, parameters, bodySchema)}`;
  return {
    path,
    title: summary,
    label: text.label ?? summary,
    description: `${method} ${template}: ${summary.toLowerCase()}. Parameters, response, errors, and samples in five languages.`,
    html,
    headings,
    badge: method,
    scripts: ['try-it'],
    source: 'apps/docs/src/reference/operations.ts',
    isWide: true,
  };
};

const EVENT_NOTES: Readonly<Record<WebhookEventName, string>> = {
  'deposit.detected':
    'A payment to a deposit address was seen. It is not final and may still fail: show it as pending, credit nothing.',
  'deposit.confirmed':
    'A payment is final and is part of `balance`. This is the event to credit your user for, once for each `tx_hash`.',
  'deposit.swept':
    'The funds were moved from the deposit address to the hot wallet. Balances do not change: most integrations ignore this event.',
  'withdrawal.broadcasted': 'The withdrawal was sent to the chain. It is not final.',
  'withdrawal.confirmed': 'The withdrawal is final, and `balance` has shrunk by amount and fee.',
  'withdrawal.failed':
    'The withdrawal failed for good and its hold was released. `error_message` says why, for people. To pay again, create a withdrawal with a new `client_reference`.',
};

const createWebhookPage = (event: WebhookEventName): Page => {
  const name = event.replace('.', '-');
  const path = `${FOLDER}/webhooks/${name}.html`;
  const { headings, heading } = createHeadings();
  const schema = `${event.replaceAll(/(?:^|\.)(.)/g, (_, letter: string) => letter.toUpperCase())}Event`;
  const envelope = findSchema(schema);
  const fields = Object.entries(envelope.properties ?? {}).map(([field, property]) => ({
    ...(fieldsOf({ properties: { [field]: property } }, 'WebhookEnvelope')[0] as Field),
    schema: property,
  }));
  const guide = relativePath(path, 'guides/webhooks.html');
  const html = `<h1>${event}</h1>
<p class="endpoint"><span class="method post">POST</span> <code>your endpoint</code></p>
${paragraphs(path, [EVENT_NOTES[event]])}
<div class="columns"><div>
${heading(2, 'Headers')}<p><code>X-CPG-Timestamp</code> and <code>X-CPG-Signature</code> authenticate the delivery, <code>X-CPG-Event</code> repeats the name, and <code>X-CPG-Delivery</code> is the same on every retry. <a href="${guide}">Verify, then deduplicate on <code>id</code>.</a></p>
${heading(2, 'Envelope')}${fieldTable(fields)}
${heading(2, 'Data')}${fieldTable(fieldsOf(envelope.properties?.data as JsonSchema))}
${heading(2, 'Response')}<p>Respond with any 2xx within 10 seconds. Everything else, redirects included, is a failure: the delivery is repeated after 1 min, 5 min, 30 min, 2 h, 12 h and 24 h.</p>
</div><div class="examples">
${heading(2, 'Example')}${tabs([{ ...readExample(`events/${name}.json`), name: 'Body' }])}
${heading(2, 'Receive it')}${tabs([{ name: '@cpg/client', language: 'ts', ...readShownFile('apps/docs/packages/client.md#webhooks-http') }])}
</div></div>`;
  return {
    path,
    title: event,
    label: event,
    description: `The webhook event ${event}: envelope, fields and an example.`,
    html,
    headings,
    source: 'apps/docs/src/reference/pages.ts',
    isWide: true,
  };
};

/** The pages of every endpoint and event, in sections of the navigation. */
export const createReference = (): NavigationSection[] => {
  const ids = Object.keys(OPERATIONS) as OperationId[];
  const groups = [...new Set(ids.map((id) => OPERATIONS[id].group))];
  return [
    ...groups.map((group) => ({
      name: group,
      pages: ids.filter((id) => OPERATIONS[id].group === group).map(createEndpointPage),
    })),
    {
      name: 'Webhook events',
      pages: (Object.keys(WEBHOOK_EVENTS) as WebhookEventName[]).map(createWebhookPage),
    },
  ];
};
