import { describe, expect, it } from 'vitest';
import { getBlockHeight, getInclusion, type NetworkRow } from './networks.ts';

const network = (block_interval_ms: number, mined_ahead = 0): NetworkRow => ({
  network: 'ETH',
  address_family: 'ethereum',
  required_confirmations: 12,
  block_interval_ms,
  mined_ahead,
});

describe('getBlockHeight', () => {
  it.each([
    [network(250), 0, 0],
    [network(250), 999, 3],
    [network(250), 1000, 4],
    [network(250, 5), 1000, 9],
    [network(1000, -2), 10_000, 8],
  ])('%j at %i ms is %i', (row, nowMs, expected) => {
    expect(getBlockHeight(row, nowMs)).toBe(expected);
  });
});

describe('getInclusion', () => {
  it.each([
    [null, 10, { block_number: null, confirmations: 0 }],
    [11, 10, { block_number: null, confirmations: 0 }],
    [10, 10, { block_number: 10, confirmations: 1 }],
    [1, 12, { block_number: 1, confirmations: 12 }],
  ])('block %s at height %i', (blockNumber, height, expected) => {
    expect(getInclusion(blockNumber, height)).toEqual(expected);
  });
});
