import { describe, expect, it } from 'vitest';
import { catalogue, describeNeed, explain, list } from './catalogue.ts';

const ALL = catalogue();
const NEEDS = [
  ...new Set(ALL.flatMap(({ layer, needs = [] }) => needs.map((need) => `${layer} ${need}`))),
].map((pair) => pair.split(' ') as ['vectors' | 'client' | 'server', string]);

describe('a need', () => {
  it.each(NEEDS)('is explained: %s, %s', (layer, need) => {
    expect(describeNeed(need, layer)).toMatch(/^(?:the|a) .+ /);
  });

  it('exists in some cases', () => {
    expect(NEEDS.length).toBeGreaterThan(10);
    expect(describeNeed('wings', 'client')).toBeUndefined();
  });
});

describe('list', () => {
  it('has the id, the description and the sections of each case', () => {
    const lines = list().trimEnd().split('\n');
    expect(lines).toHaveLength(ALL.length);
    expect(lines.filter((line) => !/^[a-z0-9-]+\t[^\t]+\t[^\t]*§[^\t]+$/.test(line))).toEqual([]);
  });
});

describe('explain', () => {
  it('explains several cases, by ids and globs, each once', () => {
    const ids = explain(['sign-ping', 'client-call-p*', 'sign-ping']).match(/^[a-z].*/gm);
    expect(ids).toEqual(['sign-ping', 'client-call-ping']);
    expect(() => explain(['sign-ping', 'sign-pong'])).toThrow(
      /^Unknown case: sign-pong\. Did you mean sign-/,
    );
  });

  it('explains how to meet each need, and the effect of a difference', () => {
    const text = explain(['client-call-ping']);
    expect(text).toContain('needs     call: the adapter names the role call');
    expect(text).toContain('level     MUST: a difference is a failure');
  });

  it('explains a case without needs', () => {
    expect(explain(['server-replay-same-bytes'])).toContain('needs     only --url and --keys');
  });

  it('shows how to repeat a case with its needs', () => {
    const repeat = (id: string) => /repeat {4}(.*)/.exec(explain([id]))?.[1];
    expect(repeat('sign-worked-example')).toBe(
      'cpg-conformance vectors --adapter "…" --run sign-worked-example',
    );
    expect(repeat('server-replay-same-bytes')).toBe(
      'cpg-conformance server --url … --keys … --run server-replay-same-bytes',
    );
  });
});
