import { describe, expect, it } from 'vitest';
import { CONTENDERS } from './contenders.ts';
import { MESSAGES } from './measure.ts';

const pairs = MESSAGES.flatMap((message) => CONTENDERS.map((contender) => ({ message, contender })));

describe('a benchmark measures work that is really done', () => {
  it.each(pairs)('$message.name: $contender.name', async ({ message, contender }) => {
    const { sign, verify } = await contender.prepare(message);
    expect(JSON.stringify(await sign?.())).toMatch(/[0-9a-f]{64}|[A-Za-z0-9+/]{43}=/);
    if (verify !== undefined) expect(await verify()).toBe(true);
  });

  it('on a POST of 844 bytes', () => {
    expect(MESSAGES.map(({ body }) => body.length)).toEqual([0, 844]);
  });
});
