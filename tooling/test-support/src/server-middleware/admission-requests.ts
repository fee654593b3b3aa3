import type { AdmissionRequest } from '@cpg/server-middleware/core';
import { NOW } from './fixtures.ts';

/** A request at the time of the fixtures, with a signature of its own for each number. */
export const admissionRequest = (
  digit: number,
  overrides: Partial<AdmissionRequest> = {},
): AdmissionRequest => ({
  keyId: 'ck_full',
  signature: digit.toString(16).padStart(64, '0'),
  usedUntil: NOW + 300,
  minute: Math.floor(NOW / 60),
  limit: 1_000_000,
  ...overrides,
});

export const admissionRequests = (count: number, overrides: Partial<AdmissionRequest> = {}) =>
  Array.from({ length: count }, (_, digit) => admissionRequest(digit, overrides));

let serial = 0;

/** A request of now, with a signature that no other has. */
export const nextRequest = (keyId = 'ck_full'): AdmissionRequest => {
  serial += 1;
  const now = Math.floor(Date.now() / 1000);
  return admissionRequest(serial, { keyId, usedUntil: now + 300, minute: Math.floor(now / 60) });
};
