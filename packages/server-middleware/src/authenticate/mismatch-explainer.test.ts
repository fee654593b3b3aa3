import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createSigningKey, EMPTY_BODY_SHA256, REJECTIONS, type SigningKey } from '@cpg/protocol';
import {
  createSignature,
  NOW,
  recordingLogger,
  SECRET,
  testKey,
} from '@cpg/test-support/server-middleware/fixtures';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../admission/memory/memory-store.ts';
import type { CpgKey } from '../keys/key-store.ts';
import type { Logger } from '../user-code.ts';
import { authenticate } from './authenticate.ts';
import { MismatchExplainer } from './mismatch-explainer.ts';

const TARGET = '/v1/balances?b=2&a=1';
const SORTED = createSignature({ target: '/v1/balances?a=1&b=2' });

const UNKNOWN_KEY =
  'No key has the key id of the request. The id is not shown: it may be a secret in the wrong place.';

const getRejected = (
  key: CpgKey | undefined,
  logger: Logger,
  overrides: { signature?: string | undefined; body?: Buffer } = {},
) => {
  const { signature = SORTED, body = Buffer.alloc(0) } = overrides;
  return {
    request: {
      method: 'GET',
      target: TARGET,
      rawHeaders: [],
      clientIp: () => undefined,
      readBody: () => body,
    },
    read: {
      headers: { keyId: 'ck_full', timestamp: String(NOW), signature, contentEncoding: '' },
      target: { path: '/v1/balances', query: 'b=2&a=1' },
      timestamp: NOW,
      body,
    },
    key,
    logger,
  };
};

const explainOnce = async (key: CpgKey | undefined, signature?: string) => {
  const logger = recordingLogger();
  new MismatchExplainer().explainLater(getRejected(key, logger, { signature }));
  await nextTurn();
  expect(logger.lines).toHaveLength(1);
  return logger.lines[0];
};

describe('MismatchExplainer', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('names the mistake that makes the signature, without secret or signature', async () => {
    const line = await explainOnce(testKey());
    expect(line?.fields).toMatchObject({
      keyId: 'ck_full',
      code: 'invalid_signature',
      findings: ['query_sorted'],
    });
    const text = JSON.stringify(line);
    for (const secret of [SECRET, SORTED, createSignature({ target: TARGET })])
      expect(text).not.toContain(secret);
  });

  it('tries both secrets of a rotation', async () => {
    const key = testKey({ signingKeys: [createSigningKey('new'), createSigningKey(SECRET)] });
    expect((await explainOnce(key))?.fields).toMatchObject({ findings: ['query_sorted'] });
  });

  it('names basePath when a proxy strips a prefix', async () => {
    const signature = createSignature({ target: '/api/v1/balances?b=2&a=1' });
    const { message } = (await explainOnce(testKey(), signature)) ?? {};
    expect(message).toContain('(signed: "/api/v1/balances", received: "/v1/balances")');
    expect(message).toMatch(/ In cpgAuth, the option basePath restores a prefix\.$/);
  });

  it('explains what the client signed, not what a basePath was added to', async () => {
    const logger = recordingLogger();
    const rejected = getRejected(testKey(), logger);
    const signature = createSignature({ target: '/api/v1/balances?a=1&b=2' });
    new MismatchExplainer().explainLater({
      ...rejected,
      request: { ...rejected.request, signedTarget: '/api/v1/balances?b=2&a=1' },
      read: { ...rejected.read, headers: { ...rejected.read.headers, signature } },
    });
    await nextTurn();
    expect(logger.lines[0]?.fields.findings).toEqual(['query_sorted']);
  });

  it('says so of a revoked key', async () => {
    const { message } = (await explainOnce(testKey({ revoked: true }))) ?? {};
    expect(message).toBe('Key ck_full: the key is revoked.');
  });

  it('does not log an unknown key id: it may be a secret in the wrong place', async () => {
    expect(await explainOnce(undefined)).toEqual({
      level: 'warn',
      fields: { code: 'invalid_signature', findings: [] },
      message: UNKNOWN_KEY,
    });
  });

  it('claims no mistake that it cannot reproduce', async () => {
    const line = await explainOnce(testKey(), EMPTY_BODY_SHA256.replace('e', 'f'));
    expect(line?.message).toBe(
      'Key ck_full: the signature matches no known mistake. Check the secret and the body, that the client signs the path and not the URL, and that no proxy rewrites the path, which arrived as "/v1/balances".',
    );
    expect(line?.fields.findings).toEqual([]);
  });

  it('explains each key id at most once a second, says how many were left out, and no large bodies', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const logger = recordingLogger();
    const explainer = new MismatchExplainer();
    explainer.explainLater(getRejected(testKey(), logger, { body: Buffer.alloc(65_537) }));
    for (let ms = 0; ms < 2_500; ms += 250) {
      explainer.explainLater(getRejected(undefined, logger));
      vi.advanceTimersByTime(250);
    }
    await nextTurn();
    const more = ' (3 more in the last second)';
    expect(logger.lines.map(({ message }) => message)).toEqual([
      UNKNOWN_KEY,
      `${UNKNOWN_KEY}${more}`,
      `${UNKNOWN_KEY} (4 more in the last second)`,
    ]);
  });

  it('explains three key ids a second', async () => {
    const logger = recordingLogger();
    const explainer = new MismatchExplainer();
    for (let index = 0; index < 20; index += 1) {
      const keyId = `ck_${index}`;
      const rejected = getRejected(testKey({ keyId }), logger);
      const read = { ...rejected.read, headers: { ...rejected.read.headers, keyId } };
      explainer.explainLater({ ...rejected, read });
    }
    await nextTurn();
    expect(logger.lines.map(({ fields }) => fields.keyId)).toEqual(['ck_0', 'ck_1', 'ck_2']);
  });

  it('reports a logger that throws as one process warning', async () => {
    const warned = once(process, 'warning');
    const failing = {
      ...recordingLogger(),
      warn: () => {
        throw new Error('disk full');
      },
    };
    for (let index = 0; index < 2; index += 1) {
      new MismatchExplainer().explainLater(getRejected(testKey(), failing));
    }
    const [warning] = await warned;
    expect(warning.code).toBe('callback_failed');
    expect(warning.message).toContain('logger.warn failed: disk full.');
  });

  it('logs what keeps it from explaining', async () => {
    const logger = recordingLogger();
    const key = testKey({ signingKeys: ['secret' as unknown as SigningKey] });
    new MismatchExplainer().explainLater(getRejected(key, logger));
    await nextTurn();
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'An invalid signature could not be explained: Key must come from createSigningKey(secret): got string.',
    ]);
  });

  it('is called by authenticate only with explain: true, and never changes the response', async () => {
    const logger = recordingLogger();
    const clock = () => NOW * 1000;
    const { request } = getRejected(undefined, logger);
    const headers = ['X-CPG-Key', 'ck_nobody', 'X-CPG-Timestamp', String(NOW), 'X-CPG-Signature', SORTED];
    const options = { keys: { find: () => undefined }, store: memoryStore({ clock }), clock, logger };
    const signed = { ...request, rawHeaders: headers };
    expect(await authenticate(signed, options)).toBe(REJECTIONS.invalid_signature);
    await nextTurn();
    expect(logger.lines).toEqual([]);
    expect(await authenticate(signed, { ...options, explain: true })).toBe(REJECTIONS.invalid_signature);
    await nextTurn();
    expect(logger.lines.map(({ message }) => message)).toEqual([UNKNOWN_KEY]);
  });
});
