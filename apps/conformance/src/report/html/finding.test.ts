import { describe, expect, it } from 'vitest';
import { renderFinding } from './finding.ts';

const finding = { what: 'status', expected: '401', actual: '200' };

describe('renderFinding', () => {
  it('shows request and response, and bytes that text does not show', () => {
    const html = renderFinding({
      ...finding,
      exchanges: [{ sent: 'GET /\xe9 HTTP/1.1\r\n\r\n', received: 'HTTP/1.1 200 OK\r\n<b>' }],
      curl: "curl 'http://h/'",
    });
    expect(html).toContain('<h4>Request</h4><pre>GET /\\xe9 HTTP/1.1␍␊\n␍␊</pre>');
    expect(html).toContain('<pre>0000  47 45 54 20 2f e9 20');
    expect(html).toContain('<h4>Response</h4><pre>HTTP/1.1 200 OK␍␊\n&lt;b&gt;</pre>');
    expect(html.match(/<p class="note">Bytes:/g)).toHaveLength(1);
    expect(html).toContain('<dt>Repeat</dt><dd><code>curl &#39;http://h/&#39;</code></dd>');
  });

  it('marks the lines in which the canonical strings part', () => {
    const html = renderFinding({ ...finding, canonical: { expected: 'GET\n/', actual: 'GET\n/x' } });
    expect(html).toContain('<tr><td><code>GET␊</code></td><td><code>GET␊</code></td></tr>');
    expect(html).toContain(
      '<tr class="bad"><td><span class="mark">≠ </span><code>/</code></td><td><code>/x</code></td></tr>',
    );
  });

  it('shows the expected canonical string alone when there is no other', () => {
    const html = renderFinding({ ...finding, canonical: { expected: 'GET\n/' } });
    expect(html).toContain('<thead><tr><th scope="col">expected</th></tr></thead>');
    expect(html).toContain('<tr><td><code>/</code></td></tr>');
  });
});
