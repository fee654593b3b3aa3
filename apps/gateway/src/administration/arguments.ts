import { upperCaseAscii } from '@cpg/protocol';
import { InvalidArgumentError } from 'commander';
import type { Database } from '../database/open-database.ts';
import { hasAccount } from '../ledger/accounts.ts';
import type { CurrencyId } from '../ledger/currencies.ts';
import { isAccountId, isAmount } from '../operator-input.ts';

/** Parses an account id: 1 to 128 characters of `A-Z a-z 0-9 _ - .`. */
export const parseAccountId = (text: string): string => {
  if (isAccountId(text)) return text;
  throw new InvalidArgumentError('Expected 1 to 128 characters of A-Z a-z 0-9 _ - .');
};

/** Parses a name: 1 to 128 characters on one line. */
export const parseName = (text: string): string => {
  if (/^[^\p{Cc}]{1,128}$/u.test(text) && text.isWellFormed()) return text;
  throw new InvalidArgumentError('Expected 1 to 128 characters on one line.');
};

/** Parses a whole number. Checked before the conversion: Number also accepts '', '1e3' and '0x10'. */
export const parseWholeNumber = (minimum: number, maximum: number) => (text: string) => {
  const value = Number(text);
  if (/^\d{1,15}$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${minimum} to ${maximum}.`);
};

/** Parses an amount of at most 18 decimal places. */
export const parseAmount = (text: string): string => {
  if (isAmount(text)) return text;
  throw new InvalidArgumentError('Expected a decimal such as 0.5, with at most 18 places.');
};

/** Parses a currency and its network, such as `USDT/ETH`, in any case. */
export const parseCurrencyId = (text: string): CurrencyId => {
  const [, currency, network] = /^([\w.-]{1,32})\/([\w.-]{1,32})$/.exec(text) ?? [];
  if (currency !== undefined && network !== undefined)
    return { currency: upperCaseAscii(currency), network: upperCaseAscii(network) };
  throw new InvalidArgumentError('Expected a currency and its network, such as USDT/ETH.');
};

/** @throws Error when the account does not exist. */
export const assertAccountExists = async (db: Database, accountId: string, fix: string): Promise<void> => {
  if (!(await hasAccount(db, accountId))) throw new Error(`Account ${accountId} does not exist. Fix: ${fix}`);
};
