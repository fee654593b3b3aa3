import { afterEach, describe, expect, it, vi } from 'vitest';
import { recordingLogger } from '../../test/logger.ts';
import { memoryStore } from '../admission/memory/memory-store.ts';
import { warnOfSplitMemory } from './warn-of-split-memory.ts';

describe('warnOfSplitMemory', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('warns of a memory store in one of several processes only', () => {
    const logger = recordingLogger();
    warnOfSplitMemory(memoryStore(), logger);
    expect(logger.lines).toEqual([]);
    vi.stubEnv('NODE_APP_INSTANCE', '1');
    warnOfSplitMemory({ admit: () => 'admitted' }, logger);
    expect(logger.lines).toEqual([]);
    warnOfSplitMemory(memoryStore(), logger);
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { code: 'memory_store_in_cluster' } }]);
  });
});
