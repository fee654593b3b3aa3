import { describe, expect, it } from 'vitest';
import { catalogue, describeNeed, explain } from './catalogue.ts';

const ALL = catalogue();
const NEEDS = [
  ...new Set(ALL.flatMap(({ layer, needs = [] }) => needs.map((need) => `${layer} ${need}`))),
].map((pair) => pair.split(' ') as ['vectors' | 'client' | 'server', string]);

describe('what a case needs', () => {
  it.each(NEEDS)('is said: %s, %s', (layer, need) => {
    expect(describeNeed(need, layer)).toMatch(/^(?:the|a) .+ /);
  });

  it('is looked for where there is some', () => {
    expect(NEEDS.length).toBeGreaterThan(10);
    expect(describeNeed('wings', 'client')).toBeUndefined();
  });
});

describe('explain', () => {
  it('says how each need is met, and what a departure comes to', () => {
    const text = explain('client-call-ping');
    expect(text).toContain('needs     call: the adapter names the role call');
    expect(text).toContain('level     MUST: a departure is a failure');
  });

  it('says that nothing is needed', () => {
    expect(explain('server-replay-same-bytes')).toContain('needs     nothing more than --url and --keys');
  });

  it('says how to repeat a case with what it needs', () => {
    const repeat = (id: string) => /repeat {4}(.*)/.exec(explain(id))?.[1];
    expect(repeat('sign-worked-example')).toBe(
      'cpg-conformance vectors --adapter "…" --run sign-worked-example',
    );
    expect(repeat('server-replay-same-bytes')).toBe(
      'cpg-conformance server --url … --keys … --run server-replay-same-bytes',
    );
  });
});
