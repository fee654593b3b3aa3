import { expect, it } from 'vitest';
import * as endpoints from './endpoints/index.ts';
import { PERMISSIONS } from './permissions.ts';

it('has one permission for every endpoint but ping', () => {
  const used = Object.values(endpoints).map((endpoint) => endpoint.permission);
  expect(used.filter((permission) => permission !== null).toSorted()).toEqual(PERMISSIONS.toSorted());
  expect(used.filter((permission) => permission === null)).toHaveLength(1);
});

it('is frozen', () => {
  expect(PERMISSIONS).toHaveLength(8);
  expect(PERMISSIONS).toSatisfy(Object.isFrozen);
});
