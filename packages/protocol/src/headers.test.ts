import { expect, it } from 'vitest';
import {
  AUTHENTICATION_HEADERS,
  DELIVERY_HEADER,
  EVENT_HEADER,
  KEY_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from './headers.ts';

it('names the headers of the contract', () => {
  expect([KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER]).toEqual([
    'X-CPG-Key',
    'X-CPG-Timestamp',
    'X-CPG-Signature',
  ]);
  expect([EVENT_HEADER, DELIVERY_HEADER]).toEqual(['X-CPG-Event', 'X-CPG-Delivery']);
});

it('lists the three headers of a signed request, frozen', () => {
  expect(AUTHENTICATION_HEADERS).toEqual(['X-CPG-Key', 'X-CPG-Timestamp', 'X-CPG-Signature']);
  expect(AUTHENTICATION_HEADERS).toSatisfy(Object.isFrozen);
});
