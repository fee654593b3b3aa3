import { SIGNATURE_HEADER } from '@cpg/protocol';
import type { Address } from '../wire/exchange.ts';

const LEFT_OUT = new Set(['host', 'connection', 'content-length', 'transfer-encoding']);

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** A curl command for a request, to be signed again: a signature is good once, and must not reach a report. */
export const curlLine = (head: string, { host, port }: Address): string => {
  const [requestLine = '', ...lines] = head.split('\r\n').filter((line) => line !== '');
  const [method = '', target = ''] = requestLine.split(' ');
  const headers = lines
    .map((line) => line.split(': '))
    .filter(([name = '']) => !LEFT_OUT.has(name.toLowerCase()))
    .map(([name = '', value = '']) =>
      name.toLowerCase() === SIGNATURE_HEADER.toLowerCase() ? `${name}: <sign again>` : `${name}: ${value}`,
    );
  const options = headers.map((header) => `-H ${quote(header)}`).join(' ');
  return `curl -i --globoff --path-as-is -X ${method} ${options} ${quote(`http://${host}:${port}${target}`)}`;
};
