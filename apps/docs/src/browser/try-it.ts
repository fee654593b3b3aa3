import { createSigningKey, signRequest } from '@cpg/protocol';
import {
  createSampleRequest,
  SAMPLE_LANGUAGES,
  type SampleEndpoint,
  type SampleInput,
} from '../reference/samples.ts';
import { findServer } from './server.ts';

const tool = document.querySelector<HTMLElement>('[data-try]') as HTMLElement;
const form = tool.querySelector('form') as HTMLFormElement;
const endpoint = JSON.parse(`${tool.dataset.try}`) as SampleEndpoint;

const show = (name: string, text: string): void => {
  const element = tool.querySelector(`[data-result="${name}"]`);
  if (element !== null) element.textContent = text;
};

const getValue = (name: string): string => (form.elements.namedItem(name) as HTMLInputElement).value;

/** The parameters that were filled in, by kind. */
const readInput = (): SampleInput => {
  const filled = [...form.querySelectorAll<HTMLInputElement>('[data-kind]')].filter(
    ({ value }) => value !== '',
  );
  const collect = (kind: string) =>
    Object.fromEntries(
      filled
        .filter(({ dataset }) => dataset.kind === kind)
        .map(({ name, value, dataset }) => [
          name,
          dataset.type === 'number' && /^\d{1,15}$/.test(value) ? Number(value) : value,
        ]),
    );
  return { path: collect('path'), input: collect('input') };
};

const format = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text; // The page of a proxy, for example.
  }
};

const send = async (): Promise<void> => {
  const { method, target, body } = createSampleRequest(endpoint, readInput());
  const bytes = body && new TextEncoder().encode(JSON.stringify(body));
  const { headers, canonical } = signRequest({
    key: createSigningKey(getValue('secret')),
    keyId: getValue('key-id'),
    method,
    target,
    timestamp: Math.floor(Date.now() / 1000),
    ...(bytes && { body: bytes }),
  });
  show('canonical', canonical);
  show(
    'headers',
    Object.entries(headers)
      .map((header) => header.join(': '))
      .join('\n'),
  );
  show('status', '');
  show('response', 'Waiting for the response …');
  const response = await fetch(`${findServer() ?? ''}${target}`, {
    method,
    redirect: 'error',
    headers: { ...headers, ...(bytes && { 'Content-Type': 'application/json' }) },
    ...(bytes && { body: bytes }),
  });
  show('status', `${response.status}`);
  show('response', format(await response.text()));
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  send().catch((error: unknown) => show('response', `No response: ${(error as Error).message}`));
});

tool.addEventListener('click', (event) => {
  const button = (event.target as Element).closest<HTMLElement>('[data-copy-as]');
  const language = SAMPLE_LANGUAGES.find(({ name }) => name === button?.dataset.copyAs);
  if (button === null || language === undefined) return;
  void navigator.clipboard.writeText(language.write(createSampleRequest(endpoint, readInput())));
  button.textContent = 'Copied';
  setTimeout(() => {
    button.textContent = language.name;
  }, 1_500);
});
