import { expect, it } from 'vitest';
import { traceTo } from './trace.ts';

it('names each case once, and says nothing for a side that is empty', () => {
  let output = '';
  const trace = traceTo({
    write: (text: string | Uint8Array) => {
      output += String(text);
      return true;
    },
  });
  trace('a', { sent: 'GET /\r\nHost: x', received: '' });
  trace('a', { sent: '', received: 'HTTP/1.1 200 OK' });
  trace('b', { sent: '{}', received: '' });
  expect(output).toBe('# a\n> GET /␍␊\n> Host: x\n< HTTP/1.1 200 OK\n# b\n> {}\n');
});
