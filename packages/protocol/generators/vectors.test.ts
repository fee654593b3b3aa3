import { describe, expect, it } from 'vitest';
import {
  readVectors,
  signVector,
  signWebhookVector,
  verifyVector,
  verifyWebhookVector,
} from './run-vectors.ts';

const { signing, verification, webhooks } = readVectors();

describe('signRequest', () => {
  it.each(signing)('$group: $id', (vector) => {
    const { path, query, bodySha256, canonical, canonicalHex, signature } = vector;
    expect(signVector(vector)).toEqual({
      headers: [
        ['X-CPG-Key', vector.keyId],
        ['X-CPG-Timestamp', vector.timestamp],
        ['X-CPG-Signature', signature],
      ],
      stages: { path, query, bodySha256, canonical, canonicalHex, signature },
    });
  });
});

describe('the functions that a server verifies with', () => {
  it.each(verification)('$group: $id', (vector) => {
    expect(verifyVector(vector)).toEqual(vector.expected);
  });
});

describe('verifyWebhook', () => {
  it.each(webhooks)('$group: $id', (vector) => {
    expect(verifyWebhookVector(vector)).toEqual(vector.expected);
  });
});

describe('signWebhook', () => {
  it.each(webhooks.filter(({ computed }) => computed !== undefined))('$group: $id', (vector) => {
    expect(signWebhookVector(vector)).toBe(vector.computed?.signature);
  });
});
