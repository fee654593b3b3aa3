import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'tsdown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as explain from './explain/index.ts';
import * as protocol from './index.ts';

describe('@cpg/protocol', () => {
  // A name added here is a promise; a name gone is a major version.
  it('exports these values', () => {
    expect(Object.keys(protocol).toSorted()).toEqual([
      'AUTHENTICATION_HEADERS',
      'DECIMAL_STRING',
      'DEFAULT_PAGE_SIZE',
      'DELIVERY_HEADER',
      'DEPOSIT_REQUEST_STATUSES',
      'DEPOSIT_TRANSACTION_STATUSES',
      'Decimal',
      'EMPTY_BODY_SHA256',
      'ENVELOPE_CONTENT_TYPE',
      'EVENT_HEADER',
      'KEY_HEADER',
      'MAX_SIGNING_KEYS',
      'NO_PARAMETERS',
      'PERMISSIONS',
      'PROTOCOL_ERROR_CODES',
      'ProtocolError',
      'REJECTIONS',
      'SIGNATURE_HEADER',
      'TIMESTAMP_HEADER',
      'TRANSACTION_DIRECTIONS',
      'WEBHOOK_EVENTS',
      'WINDOW_SECONDS',
      'WITHDRAWAL_STATUSES',
      'bodySha256',
      'canonicalString',
      'checkContentEncoding',
      'checkSignature',
      'checkTimestamp',
      'createPathMatcher',
      'createSigningKey',
      'defineEndpoint',
      'encodeComponent',
      'encodeQuery',
      'endpoints',
      'errorEnvelope',
      'findPermissionMistake',
      'formatRequestTarget',
      'formatTimestamp',
      'getErrorUrl',
      'getUnlistedField',
      'headerValues',
      'isDecimalString',
      'isKeyId',
      'isKnownWebhookEvent',
      'isPathTemplate',
      'isRejection',
      'isSignature',
      'isWithinWindow',
      'missingPermission',
      'parseRequestTarget',
      'parseTimestamp',
      'parseWebhookEvent',
      'readAuthenticationHeaders',
      'setDocumentationUrl',
      'sign',
      'signRequest',
      'signWebhook',
      'successEnvelope',
      'toDecimal',
      'upperCaseAscii',
      'usedUntil',
      'validateRequest',
      'validateResponse',
      'validationFailed',
      'verify',
      'verifyRequest',
      'verifyWebhook',
    ]);
  });
});

describe('@cpg/protocol/explain', () => {
  it('exports these values', () => {
    expect(Object.keys(explain).toSorted()).toEqual(['explainMismatch', 'explainWebhookMismatch']);
  });
});

describe('the ESM and the CJS build in one process', () => {
  const root = join(import.meta.dirname, '..');
  // Inside the package, so that the builds find its dependencies.
  const folder = mkdtempSync(join(root, 'dist-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  let esm: typeof protocol;
  let cjs: typeof protocol;
  beforeAll(async () => {
    await build({
      cwd: root,
      config: false,
      entry: { index: 'src/index.ts' },
      format: ['esm', 'cjs'],
      platform: 'node',
      outDir: folder,
      dts: false,
      logLevel: 'silent',
      outExtensions: ({ format }) => ({ js: format === 'cjs' ? '.cjs' : '.mjs' }),
    });
    esm = await import(pathToFileURL(join(folder, 'index.mjs')).href);
    cjs = createRequire(import.meta.url)(join(folder, 'index.cjs'));
  });

  it('are two copies with one surface', () => {
    expect(esm.createSigningKey).not.toBe(cjs.createSigningKey);
    expect(Object.keys(cjs).toSorted()).toEqual(Object.keys(protocol).toSorted());
    expect(Object.keys(esm).toSorted()).toEqual(Object.keys(protocol).toSorted());
  });

  it("use each other's keys", () => {
    const secret = 'cpg-example-secret-DO-NOT-USE-IN-PRODUCTION';
    const signature = esm.sign(cjs.createSigningKey(secret), 'x');
    expect(cjs.verify(esm.createSigningKey(secret), 'x', signature)).toBe(true);
  });

  it("know each other's errors", () => {
    expect(esm.ProtocolError.is(new cjs.ProtocolError('invalid_body', ''))).toBe(true);
    expect(cjs.ProtocolError.is(new esm.ProtocolError('invalid_body', ''))).toBe(true);
    expect(new cjs.ProtocolError('invalid_body', '')).not.toBeInstanceOf(esm.ProtocolError);
  });

  it("compute with each other's decimals", () => {
    expect(esm.toDecimal('0.1').plus(cjs.toDecimal('0.2')).toString()).toBe('0.3');
  });
});
