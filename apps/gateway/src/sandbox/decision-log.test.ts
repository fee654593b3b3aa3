import { expect, it } from 'vitest';
import { DecisionLog } from './decision-log.ts';

const decision = (keyId: string | undefined, outcome: 'authenticated' | 'invalid_signature') => ({
  keyId,
  method: 'GET',
  path: '/v1/_ping',
  outcome,
  passed: [],
  ms: 1,
});

it('keeps the latest fifty decisions, newest first', () => {
  const log = new DecisionLog(() => 1_800_000_000_000);
  for (let count = 1; count <= 60; count += 1) log.add(decision(`ck_${count}`, 'authenticated'));
  expect(log.decisions).toHaveLength(50);
  expect(log.decisions.map(({ keyId }) => keyId).slice(0, 2)).toEqual(['ck_60', 'ck_59']);
  expect(log.decisions[0]?.at).toBe('2027-01-15T08:00:00.000Z');
});

it('adds the explanation to an invalid signature and forwards every log call', () => {
  const log = new DecisionLog(() => 0);
  const passed: unknown[] = [];
  const logger = log.wrapLogger({
    warn: (fields, message) => passed.push([fields, message]),
    error: (fields, message) => passed.push([fields, message]),
  });
  log.add(decision('ck_1', 'invalid_signature'));
  log.add(decision('ck_2', 'invalid_signature'));
  log.add(decision(undefined, 'invalid_signature'));
  log.add(decision('ck_1', 'authenticated'));
  logger.warn({ keyId: 'ck_1', code: 'invalid_signature' }, 'the key was trimmed');
  logger.warn({ keyId: 'ck_3', code: 'invalid_signature' }, 'no explanation');
  logger.warn({ keyId: 'ck_2', code: 'other' }, 'something else');
  logger.warn({ code: 'invalid_signature' }, 'no such key');
  logger.error({ code: 'problem' }, 'a problem');
  expect(log.decisions.map(({ explanation }) => explanation)).toEqual([
    null,
    'no such key',
    null,
    'the key was trimmed',
  ]);
  expect(passed).toHaveLength(5);
});
