import { describe, expect, expectTypeOf, it } from 'vitest';
import * as endpoints from './endpoints/index.ts';
import { type AnyPermission, findPermissionMistake, type OwnPermission, PERMISSIONS } from './permissions.ts';

declare global {
  namespace CPG {
    interface OwnPermissions {
      read_invoices: true;
    }
  }
}

describe('PERMISSIONS', () => {
  it('has one permission for every endpoint but ping', () => {
    const used = Object.values(endpoints).map((endpoint) => endpoint.permission);
    expect(used.filter((permission) => permission !== null).toSorted()).toEqual(PERMISSIONS.toSorted());
    expect(used.filter((permission) => permission === null)).toHaveLength(1);
  });

  it('is frozen', () => {
    expect(PERMISSIONS).toHaveLength(8);
    expect(PERMISSIONS).toSatisfy(Object.isFrozen);
  });
});

describe('AnyPermission', () => {
  it('takes names with a colon and declared names, and no misspelt permission', () => {
    expectTypeOf<'invoices:read'>().toExtend<OwnPermission>();
    expectTypeOf<'read_invoices'>().toExtend<OwnPermission>();
    expectTypeOf<'withdraw'>().toExtend<AnyPermission>();
    expectTypeOf<'withdrw'>().not.toExtend<AnyPermission>();
    expectTypeOf<'approve_invoices'>().not.toExtend<AnyPermission>();
  });
});

describe('findPermissionMistake', () => {
  it.each([
    ...PERMISSIONS,
    'invoices:read',
    'read_invoices',
    'admin',
    'https://api.example/scope',
    'withdrw:own',
    'x',
    `a${'b'.repeat(127)}`,
  ])('accepts %s', (name) => {
    expect(findPermissionMistake(name)).toBeUndefined();
  });

  it.each([
    ['withdrw', 'withdraw'],
    ['withdraws', 'withdraw'],
    ['withdrawal', 'withdraw'],
    ['Withdraw', 'withdraw'],
    ['wihtdraw', 'withdraw'],
    ['read-balance', 'read_balance'],
    ['read_balances', 'read_balance'],
    ['readBalance', 'read_balance'],
    ['list_transaction', 'list_transactions'],
  ])('takes %s for a misspelt %s', (name, meant) => {
    expect(findPermissionMistake(name)).toBe(
      `be "${meant}", or, if it is a permission of your own API, have a colon, e.g. "own:${name}"`,
    );
  });

  it.each([undefined, null, 7, '', 'two words', 'a"b', 'a\\b', 'é', 'a\n', 'a'.repeat(129), ['withdraw']])(
    'rejects %j',
    (name) => {
      expect(findPermissionMistake(name)).toBe(
        'be a permission: 1 to 128 printable ASCII characters without space, " and \\',
      );
    },
  );
});
