import { describe, expect, it } from 'vitest';
import { CaseFailure, Checker } from '../core/checker.ts';
import { REJECTIONS } from '../core/rejections.ts';
import {
  expectAccepted,
  expectAuthenticated,
  expectClientError,
  expectRejected,
  type ServerResponse,
} from './server-response.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

const response = (
  status: number,
  json: unknown,
  headers: ServerResponse['headers'] = [],
): ServerResponse => ({
  status,
  headers: [['content-type', JSON_TYPE], ...headers],
  text: JSON.stringify(json),
  json,
});

const rejection = (status: number, message: string) => response(status, { success: false, message });
const GOOD = { success: true, message: 'OK', data: [] };

const isGood = (judge: (check: Checker) => void): boolean => {
  try {
    judge(new Checker());
    return true;
  } catch (error) {
    if (error instanceof CaseFailure) return false;
    throw error;
  }
};

describe('expectRejected', () => {
  const { invalidSignature } = REJECTIONS;
  it.each<[name: string, good: boolean, received: ServerResponse]>([
    ['the exact response', true, rejection(401, 'Invalid signature')],
    ['another status', false, rejection(403, 'Invalid signature')],
    ['another message', false, rejection(401, 'Missing authentication headers')],
    ['a longer message', false, rejection(401, 'Invalid signature: expected …')],
    ['success: true', false, response(401, { success: true, message: 'Invalid signature' })],
    ['one more field', false, response(401, { success: false, message: 'Invalid signature', detail: '' })],
    ['no JSON', false, { ...rejection(401, ''), text: 'Invalid signature', json: undefined }],
    [
      'another content type',
      false,
      { ...rejection(401, 'Invalid signature'), headers: [['content-type', 'text/plain']] },
    ],
  ])('%s: %s', (_name, good, received) => {
    expect(isGood((check) => expectRejected(check, received, invalidSignature))).toBe(good);
  });
});

describe('the content type of a response', () => {
  it.each([
    [true, 'application/json; charset=utf-8'],
    [true, 'application/json'],
    [true, 'Application/JSON;Charset="UTF-8"'],
    [true, 'application/json ; charset=utf-8;'],
    [false, 'application/json; charset=latin1'],
    [false, 'application/problem+json'],
    [false, 'text/html; charset=utf-8'],
    [false, ''],
  ])('%s for %j', (good, type) => {
    const received = { ...response(200, GOOD), headers: [['Content-Type', type]] as const };
    expect(isGood((check) => expectAccepted(check, received))).toBe(good);
  });
});

describe('expectAccepted', () => {
  it.each<[name: string, good: boolean, received: ServerResponse]>([
    ['the envelope', true, response(200, GOOD)],
    ['201', false, response(201, GOOD)],
    ['no data', false, response(200, { success: true, message: 'OK' })],
    ['success: false', false, response(200, { ...GOOD, success: false })],
    ['another message', false, response(200, { ...GOOD, message: 'ok' })],
    ['rate-limit headers', false, response(200, GOOD, [['RateLimit-Limit', '5']])],
    ['a rejection', false, rejection(401, 'Invalid signature')],
  ])('%s: %s', (_name, good, received) => {
    expect(isGood((check) => expectAccepted(check, received))).toBe(good);
  });
});

describe('expectAuthenticated', () => {
  it.each<[good: boolean, status: number, message: string]>([
    [true, 200, 'OK'],
    [true, 404, 'Not found'],
    [true, 422, 'amount: Field required'],
    [true, 400, 'Malformed JSON body'],
    [false, 400, 'Malformed request target'],
    [false, 401, 'Invalid signature'],
    [false, 413, 'Request body is too large'],
    [false, 415, 'Content-Encoding is not supported'],
    [false, 429, 'Rate limit exceeded'],
    [false, 500, 'Internal server error'],
  ])('%s for %i %s', (good, status, message) => {
    expect(isGood((check) => expectAuthenticated(check, rejection(status, message)))).toBe(good);
  });
});

describe('expectClientError', () => {
  it.each([
    [true, 400],
    [true, 431],
    [false, 200],
    [false, 500],
  ])('%s for %i', (good, status) => {
    expect(isGood((check) => expectClientError(check, rejection(status, '')))).toBe(good);
  });
});
