import { createSigningKey, type SigningKey, signRequest } from '@cpg/protocol';
import { explainMismatch } from '@cpg/protocol/explain';
import { readPastedRequest } from './pasted-request.ts';

const form = document.querySelector('form[data-debugger]') as HTMLFormElement;
const results = document.querySelector('[data-debugger-results]') as HTMLElement;

/** The fields that a permanent link contains: never the secret. */
const SHARED = ['method', 'target', 'timestamp', 'key-id', 'host', 'signature', 'body', 'signed'] as const;
/** In a link, the bytes of a body that the field cannot show. */
const BODY_BYTES = 'body-base64';

const field = (name: string): HTMLInputElement => form.elements.namedItem(name) as HTMLInputElement;

const encoder = new TextEncoder();

/** The body as it was pasted: a text field changes line ends, and cannot hold every byte. */
let pastedBody: Uint8Array | undefined;

const getBody = (): Uint8Array => pastedBody ?? encoder.encode(field('body').value);

const setBody = (body: Uint8Array | undefined): void => {
  field('body').value = new TextDecoder().decode(body);
  const shown = encoder.encode(field('body').value);
  pastedBody = body !== undefined && findDifference(body, shown) !== undefined ? body : undefined;
};

const HEX_COLUMNS = 16;

/** A hexdump in which one byte is marked. */
const createHexdump = (bytes: Uint8Array, marked: number | undefined): HTMLElement => {
  const pre = document.createElement('pre');
  pre.tabIndex = 0;
  for (let start = 0; start < bytes.length; start += HEX_COLUMNS) {
    const row = bytes.subarray(start, start + HEX_COLUMNS);
    pre.append(`${start.toString(16).padStart(8, '0')}: `);
    for (const [index, byte] of row.entries()) {
      const hex = byte.toString(16).padStart(2, '0');
      if (start + index !== marked) pre.append(`${hex} `);
      else {
        const mark = document.createElement('mark');
        mark.textContent = hex;
        pre.append(mark, ' ');
      }
    }
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
    pre.append(`${'   '.repeat(HEX_COLUMNS - row.length)} ${text.join('')}\n`);
  }
  return pre;
};

const paragraph = (text: string, className = ''): HTMLElement => {
  const element = document.createElement('p');
  element.className = className;
  element.textContent = text;
  return element;
};

const heading = (text: string): HTMLElement => {
  const element = document.createElement('h3');
  element.textContent = text;
  return element;
};

/** The position of the first byte that differs; `undefined` when all are equal. */
const findDifference = (left: Uint8Array, right: Uint8Array): number | undefined => {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) if (left[index] !== right[index]) return index;
  return undefined;
};

const LINES = ['timestamp', 'method', 'path', 'query', 'body hash'];

const describeDifference = (expected: string, signed: string): HTMLElement[] => {
  const [right, wrong] = [encoder.encode(expected), encoder.encode(signed)];
  const at = findDifference(right, wrong);
  if (at === undefined)
    return [paragraph('The string that you signed is the canonical string, byte for byte.')];
  const line = new TextDecoder().decode(right.subarray(0, at)).split('\n').length - 1;
  const where = LINES[line] ?? 'end';
  return [
    heading('What you signed'),
    paragraph(`The first difference is at byte ${at}, in the ${where}.`, 'bad'),
    createHexdump(wrong, Math.min(at, wrong.length - 1)),
  ];
};

interface Attempt {
  readonly key: SigningKey;
  readonly combinations: boolean;
}

const findMistakes = ({ key, combinations }: Attempt) =>
  explainMismatch({
    key,
    signature: field('signature').value,
    now: Math.floor(Date.now() / 1000),
    combinations,
    request: {
      method: field('method').value,
      target: field('target').value,
      timestamp: field('timestamp').value,
      keyId: field('key-id').value,
      host: field('host').value,
      body: getBody(),
    },
  });

const afterPaint = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

const explain = async (): Promise<void> => {
  const [method, target, timestamp] = ['method', 'target', 'timestamp'].map((name) => field(name).value);
  const key = createSigningKey(field('secret').value);
  const { canonical: expectedText, signature } = signRequest({
    key,
    keyId: field('key-id').value || 'ck_example',
    method: `${method}`,
    target: `${target}`,
    timestamp: Number(timestamp),
    body: getBody(),
  });
  const isRight = signature === field('signature').value;
  results.replaceChildren(paragraph('Trying the known mistakes …'));
  await afterPaint();
  let findings = findMistakes({ key, combinations: false });
  if (findings.length === 0 && !isRight) {
    results.replaceChildren(paragraph('No single mistake. Trying every pair …'));
    await afterPaint();
    findings = findMistakes({ key, combinations: true });
  }
  const verdict = isRight
    ? paragraph('The signature is right.', 'good')
    : paragraph(
        findings.length === 0
          ? 'The signature is wrong, and matches no known mistake. Check the secret and the body.'
          : 'The signature is wrong:',
        'bad',
      );
  const list = document.createElement('ul');
  for (const { code, message } of findings) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = `errors/findings.html#${code}`;
    link.textContent = code;
    item.append(link, ` ${message}`);
    list.append(item);
  }
  const signed = field('signed').value;
  const expected = encoder.encode(expectedText);
  const difference = signed === '' ? undefined : findDifference(expected, encoder.encode(signed));
  const canonical = document.createElement('pre');
  canonical.tabIndex = 0;
  canonical.textContent = expectedText;
  results.replaceChildren(
    verdict,
    ...(findings.length > 0 ? [list] : []),
    heading('Canonical string'),
    canonical,
    heading('Its bytes'),
    createHexdump(expected, difference),
    ...(signed === '' ? [] : describeDifference(expectedText, signed)),
  );
};

form.addEventListener('submit', (event) => {
  event.preventDefault();
  explain().catch((error: unknown) => results.replaceChildren(paragraph((error as Error).message, 'bad')));
});

const KEPT =
  'The body has bytes or line ends that the field cannot show. They are kept, as long as you do not edit it.';

const fill = (text: string): void => {
  const pasted = readPastedRequest(text);
  if (pasted === undefined) {
    if (text.trim() !== '')
      results.replaceChildren(paragraph('No signed request in what you pasted: fill in the fields.', 'bad'));
    return;
  }
  // Nothing of a request before may stay.
  for (const name of SHARED) field(name).value = pasted.fields[name] ?? '';
  setBody(pasted.body);
  const notes = [pasted.note, pastedBody === undefined ? undefined : KEPT];
  results.replaceChildren(...notes.filter((note) => note !== undefined).map((note) => paragraph(note)));
};

field('paste').addEventListener('input', () => fill(field('paste').value));
// The field would change the line ends.
field('paste').addEventListener('paste', (event) => {
  const text = event.clipboardData?.getData('text/plain');
  if (text !== undefined) setTimeout(() => fill(text));
});
field('body').addEventListener('input', () => {
  pastedBody = undefined;
});

const encodeBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const decodeBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const encodeLink = (): string => {
  const shared = Object.fromEntries(
    SHARED.map((name) => [name, field(name).value]).filter(([, value]) => value),
  );
  const bytes = pastedBody === undefined ? {} : { [BODY_BYTES]: encodeBase64(pastedBody) };
  return encodeBase64(encoder.encode(JSON.stringify({ ...shared, ...bytes })))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
};

const readLink = (text: string): void => {
  try {
    const bytes = decodeBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
    const shared = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    for (const name of SHARED) if (typeof shared[name] === 'string') field(name).value = shared[name];
    const body = shared[BODY_BYTES];
    if (typeof body === 'string') setBody(decodeBase64(body));
  } catch {
    results.replaceChildren(paragraph('The link is not complete.', 'bad'));
  }
};

const linkButton = document.querySelector('[data-debugger-link]') as HTMLButtonElement;
linkButton.addEventListener('click', () => {
  history.replaceState(null, '', `#request=${encodeLink()}`);
  void navigator.clipboard.writeText(location.href);
  linkButton.textContent = 'Copied, without the secret';
});

const [, shared] = /^#request=(.+)$/.exec(location.hash) ?? [];
if (shared !== undefined) readLink(shared);
