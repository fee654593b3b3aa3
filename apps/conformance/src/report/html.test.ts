import { describe, expect, it } from 'vitest';
import { renderDiff, STYLE } from './html.ts';

const diff = { what: 'status', expected: '401', actual: '200' };

describe('renderDiff', () => {
  it('shows request and response, and a hexdump of unprintable bytes', () => {
    const html = renderDiff({
      ...diff,
      exchanges: [{ sent: 'GET /\xe9 HTTP/1.1\r\n\r\n', received: 'HTTP/1.1 200 OK\r\n<b>' }],
    });
    expect(html).toContain('<h4>Request</h4><pre>GET /\\xe9 HTTP/1.1\\r\\n\n\\r\\n</pre>');
    expect(html).toContain('<pre>0000  47 45 54 20 2f e9 20');
    expect(html).toContain('<h4>Response</h4><pre>HTTP/1.1 200 OK\\r\\n\n&lt;b&gt;</pre>');
    expect(html.match(/<p class="note">Bytes:/g)).toHaveLength(1);
  });

  it('shows the canonical string of a rejected signature, with its bytes', () => {
    const html = renderDiff({
      ...diff,
      exchanges: [{ sent: 'GET / HTTP/1.1', received: 'HTTP/1.1 401', canonical: '1\nGET' }],
    });
    expect(html).toContain(
      '<h4>Canonical string that was signed</h4><pre>1\\n\nGET</pre><pre>0000  31 0a 47',
    );
  });

  it('marks the lines in which the canonical strings differ', () => {
    const html = renderDiff({ ...diff, canonical: { expected: 'GET\n/', actual: 'GET\n/x' } });
    expect(html).toContain('<tr><td><code>GET\\n</code></td><td><code>GET\\n</code></td></tr>');
    expect(html).toContain(
      '<tr class="bad"><td><span class="mark">≠ </span><code>/</code></td><td><code>/x</code></td></tr>',
    );
  });

  it('shows the expected canonical string alone when there is no other', () => {
    const html = renderDiff({ ...diff, canonical: { expected: 'GET\n/' } });
    expect(html).toContain('<thead><tr><th scope="col">expected</th></tr></thead>');
    expect(html).toContain('<tr><td><code>/</code></td></tr>');
  });
});

type Theme = 'light' | 'dark';
type Colour = readonly [red: number, green: number, blue: number];

const NOTE_OPACITY = Number(/\.note \{ opacity: ([.\d]+);/.exec(STYLE)?.[1]);

const getColour = (name: string, theme: Theme): Colour => {
  const [, light = '', dark = ''] =
    new RegExp(`--${name}: light-dark\\(#([0-9a-f]{6}), #([0-9a-f]{6})\\)`).exec(STYLE) ?? [];
  const hex = theme === 'light' ? light : dark;
  const channel = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [channel(0), channel(2), channel(4)];
};

/** Relative luminance as WCAG 2 defines it. */
const luminance = (colour: Colour): number => {
  const [red = 0, green = 0, blue = 0] = colour.map((channel) => {
    const part = channel / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one: Colour, other: Colour): number => {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};

const faded = (colour: Colour, behind: Colour): Colour => {
  const [red = 0, green = 0, blue = 0] = colour.map(
    (channel, index) => channel * NOTE_OPACITY + (behind[index] ?? 0) * (1 - NOTE_OPACITY),
  );
  return [red, green, blue];
};

describe.each<Theme>(['light', 'dark'])('the page in %s', (theme) => {
  it.each(['page', 'ok', 'bad', 'odd', 'none'])('has text that is readable on %s', (background) => {
    expect(contrast(getColour('text', theme), getColour(background, theme))).toBeGreaterThan(4.5);
  });

  it('has links and notes that are readable', () => {
    const page = getColour('page', theme);
    expect(contrast(getColour('link', theme), page)).toBeGreaterThan(4.5);
    expect(contrast(faded(getColour('text', theme), page), page)).toBeGreaterThan(4.5);
  });
});
