import { describe, expect, it } from 'vitest';
import { Expectations } from './expectations.ts';
import type { CaseRecord, Verdict } from './record.ts';

const YAML = `
- case: server-rate-*
  reason: no limiter yet, see issue 12
- case: sign-ping
  implementation: my-sdk
  reason: known
`;

const record = (id: string, verdict: Verdict, implementation = 'my-sdk'): CaseRecord => ({
  type: 'case',
  implementation,
  layer: 'server',
  id,
  group: 'g',
  description: 'd',
  spec: '§1',
  verdict,
  durationMs: 1,
});

describe('Expectations', () => {
  it.each<[id: string, verdict: Verdict, judged: Verdict, implementation?: string]>([
    ['server-rate-exact-limit', 'fail', 'xfail'],
    ['server-rate-exact-limit', 'warn', 'xfail'],
    ['server-rate-exact-limit', 'pass', 'xpass'],
    ['server-rate-exact-limit', 'error', 'error'],
    ['server-rate-exact-limit', 'notapplicable', 'notapplicable'],
    ['server-replay', 'fail', 'fail'],
    ['sign-ping', 'fail', 'xfail'],
    ['sign-ping', 'fail', 'fail', 'other-sdk'],
    ['sign-ping-too', 'fail', 'fail'],
    ['a-sign-ping', 'fail', 'fail'],
  ])('%s, %s: %s', (id, verdict, judged, implementation) => {
    expect(Expectations.parse(YAML).judge(record(id, verdict, implementation)).verdict).toBe(judged);
  });

  it('reports entries that matched nothing', () => {
    const expectations = Expectations.parse(YAML);
    expectations.judge(record('server-rate-exact-limit', 'fail'));
    expect(expectations.unmatched()).toEqual([
      { type: 'expectation', problem: 'unmatched', entry: 'sign-ping (my-sdk)' },
    ]);
  });

  it('does not count a case of another implementation as a match', () => {
    const expectations = Expectations.parse(YAML);
    expectations.notice('server-rate-exact-limit', 'any');
    expectations.notice('sign-ping', 'other-sdk');
    expect(expectations.unmatched()).toHaveLength(1);
  });

  it('is empty for an empty file', () => {
    expect(Expectations.parse('').unmatched()).toEqual([]);
  });

  it.each([
    ['no reason', '- case: a\n', /0\.reason/],
    ['an empty reason', '- case: a\n  reason: "  "\n', /0\.reason/],
    ['an unknown field', '- case: a\n  reason: b\n  flaky: true\n', /flaky/],
    ['no list', 'case: a\n', /must be a list/],
    ['an id in capitals', '- case: A\n  reason: b\n', /must be a case id/],
    ['a repeat', '- case: a\n  reason: b\n- case: a\n  reason: c\n', /a twice/],
  ])('rejects %s', (_name, yaml, message) => {
    expect(() => Expectations.parse(yaml)).toThrow(message);
  });
});
