import { describe, expect, it } from 'vitest';
import { Checker, Departure } from '../core/checker.ts';
import { ANSWERS } from '../core/rejections.ts';
import {
  expectAccepted,
  expectAuthenticated,
  expectClientError,
  expectRefused,
  type ServerAnswer,
} from './server-response.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

const answer = (status: number, json: unknown, headers: ServerAnswer['headers'] = []): ServerAnswer => ({
  status,
  headers: [['content-type', JSON_TYPE], ...headers],
  text: JSON.stringify(json),
  json,
});

const refusal = (status: number, message: string) => answer(status, { success: false, message });
const GOOD = { success: true, message: 'OK', data: [] };

const isGood = (judge: (check: Checker) => void): boolean => {
  try {
    judge(new Checker());
    return true;
  } catch (error) {
    if (error instanceof Departure) return false;
    throw error;
  }
};

describe('expectRefused', () => {
  const { invalidSignature } = ANSWERS;
  it.each<[name: string, good: boolean, received: ServerAnswer]>([
    ['the exact answer', true, refusal(401, 'Invalid signature')],
    ['another status', false, refusal(403, 'Invalid signature')],
    ['another message', false, refusal(401, 'Missing authentication headers')],
    ['a longer message', false, refusal(401, 'Invalid signature: expected …')],
    ['success: true', false, answer(401, { success: true, message: 'Invalid signature' })],
    ['one more field', false, answer(401, { success: false, message: 'Invalid signature', detail: '' })],
    ['no JSON', false, { ...refusal(401, ''), text: 'Invalid signature', json: undefined }],
    [
      'another content type',
      false,
      { ...refusal(401, 'Invalid signature'), headers: [['content-type', 'text/plain']] },
    ],
  ])('%s: %s', (_name, good, received) => {
    expect(isGood((check) => expectRefused(check, received, invalidSignature))).toBe(good);
  });
});

describe('expectAccepted', () => {
  it.each<[name: string, good: boolean, received: ServerAnswer]>([
    ['the envelope', true, answer(200, GOOD)],
    ['201', false, answer(201, GOOD)],
    ['no data', false, answer(200, { success: true, message: 'OK' })],
    ['success: false', false, answer(200, { ...GOOD, success: false })],
    ['another message', false, answer(200, { ...GOOD, message: 'ok' })],
    ['rate-limit headers', false, answer(200, GOOD, [['RateLimit-Limit', '5']])],
    ['a refusal', false, refusal(401, 'Invalid signature')],
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
    expect(isGood((check) => expectAuthenticated(check, refusal(status, message)))).toBe(good);
  });
});

describe('expectClientError', () => {
  it.each([
    [true, 400],
    [true, 431],
    [false, 200],
    [false, 500],
  ])('%s for %i', (good, status) => {
    expect(isGood((check) => expectClientError(check, refusal(status, '')))).toBe(good);
  });
});
