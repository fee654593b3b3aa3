import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { describeCauses, describeThrown, Muting, withoutSecrets } from './muting.ts';

const hostile = new Proxy(new Error('x'), {
  get: () => {
    throw new Error('broken');
  },
});

describe('Muting', () => {
  it('writes the latest line at the end of an interval, and the first of a new one at once', () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const written: string[] = [];
    const muting = new Muting();
    const log = (text: string) =>
      muting.log({ code: 'x', intervalMs: 250 }, (more) => written.push(`${text}${more}`));
    log('a');
    log('b');
    log('c');
    vi.advanceTimersByTime(250);
    vi.advanceTimersByTime(250);
    log('d');
    expect(written).toEqual(['a', 'c (2 more in the last 250 ms)', 'd']);
  });
});

describe('describeThrown', () => {
  it.each([
    [new Error('a'), 'a'],
    ['b', 'b'],
    [undefined, 'undefined'],
    [Object.create(null), 'a value that has no text'],
    [hostile, 'a value that has no text'],
    [Object.assign(new Error(), { code: 'ECONNRESET' }), 'ECONNRESET'],
    [new TypeError(), 'TypeError'],
    [new Error('two\n lines'), 'two lines'],
    [new Error('x'.repeat(400)), `${'x'.repeat(300)}…`],
    [
      new AggregateError([new Error('connect ::1'), new Error('connect 127.0.0.1')]),
      'connect ::1; connect 127.0.0.1',
    ],
    [Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [new AggregateError([new Error('inner')], 'all failed'), 'all failed'],
  ])('finds a text for %#', (thrown, text) => {
    expect(describeThrown(thrown)).toBe(text);
  });

  it.each([
    ['redis://:hunter2@host:6379 refused', 'redis://[credentials]@host:6379 refused'],
    ['no pg_hba entry for postgres://u:p@h/db', 'no pg_hba entry for postgres://[credentials]@h/db'],
    ['bad password=hunter2 for user', 'bad password=[secret] for user'],
    ['{"api_key": "hunter2"}', '{"api_key": [secret]'],
    [`EVALSHA ${'0a'.repeat(32)} failed`, 'EVALSHA [signature] failed'],
  ])('shows no secret of %j', (message, shown) => {
    expect(describeThrown(new Error(message))).toBe(shown);
  });
});

describe('describeCauses', () => {
  it('joins the texts of the causes, each once', () => {
    const root = new Error('connect ECONNREFUSED');
    const pool = new Error('no connection', { cause: root });
    expect(describeCauses(new Error('find failed', { cause: pool }))).toBe(
      'find failed: no connection: connect ECONNREFUSED',
    );
    expect(describeCauses(new Error('find: connect ECONNREFUSED', { cause: root }))).toBe(
      'find: connect ECONNREFUSED',
    );
    expect(describeCauses(new Error('a', { cause: 'text' }))).toBe('a: text');
  });

  it('ends at the sixth text, at a cycle, and at a value that cannot be read', () => {
    const cycle = new Error('a');
    cycle.cause = cycle;
    expect(describeCauses(cycle)).toBe('a');
    let deep = new Error('0');
    for (let depth = 1; depth < 9; depth += 1) deep = new Error(String(depth), { cause: deep });
    expect(describeCauses(deep)).toBe('8: 7: 6: 5: 4: 3');
    expect(describeCauses(hostile)).toBe('a value that has no text');
  });
});

describe('withoutSecrets', () => {
  it('copies an error whose cause has credentials in message and stack, and leaves any other as it is', () => {
    const cause = new RangeError('postgres://u:hunter2@h failed');
    const error = Object.assign(new TypeError('down', { cause }), { code: 'E' });
    const copy = withoutSecrets(error) as typeof error;
    expect(copy).toBeInstanceOf(TypeError);
    expect([copy.message, copy.code, copy.stack]).toEqual(['down', 'E', error.stack]);
    expect((copy.cause as Error).message).toBe('postgres://[credentials]@h failed');
    expect((copy.cause as Error).stack).not.toContain('hunter2');
    expect(cause.message).toContain('hunter2');
    const harmless = new Error('a', { cause: new Error('b') });
    expect(withoutSecrets(harmless)).toBe(harmless);
    expect(withoutSecrets('text')).toBe('text');
    expect(withoutSecrets(Object.assign(new Error('no stack'), { stack: undefined }))).toBeInstanceOf(Error);
  });

  it('ends at a cycle', () => {
    const cycle = new Error('a');
    cycle.cause = cycle;
    expect(withoutSecrets(cycle)).toBe(cycle);
  });
});
