import { SIGNATURE_HEADER } from '@cpg/protocol';
import type { Address } from '../wire/open-socket.ts';

const LEFT_OUT = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

const LONGEST_BODY = 1_000;

/** The body as curl takes it from a command line; from a file that has to be made first when it is long, or has bytes that no text shows. */
const bodyOption = (body: Buffer, hasContentType: boolean): string => {
  if (body.length === 0) return '';
  const text = body.toString('latin1');
  const isShown = text.length <= LONGEST_BODY && /^[\x20-\x7e]*$/.test(text);
  // curl would say application/x-www-form-urlencoded of its own accord.
  const type = hasContentType ? '' : "-H 'Content-Type:' ";
  return `${type}${isShown ? `--data-raw ${quote(text)}` : '--data-binary @body.bin'} `;
};

/** A curl command for a request, to be signed again: a signature is good once, and must not reach a report. */
export const curlLine = (head: string, { host, port }: Address, body: Buffer = Buffer.alloc(0)): string => {
  const [requestLine = '', ...lines] = head.split('\r\n').filter((line) => line !== '');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers = lines
    .map((line) => line.split(': '))
    .filter(([name = '']) => !LEFT_OUT.has(name.toLowerCase()))
    .map(([name = '', value = '']) =>
      name.toLowerCase() === SIGNATURE_HEADER.toLowerCase() ? `${name}: <sign again>` : `${name}: ${value}`,
    );
  const options = headers.map((header) => `-H ${quote(header)}`).join(' ');
  const data = bodyOption(body, /^content-type:/im.test(head));
  return `curl -i --globoff --path-as-is -X ${method} ${options} ${data}${quote(`http://${host}:${port}${target}`)}`;
};
