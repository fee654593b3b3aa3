import { createContext, useContext } from 'react';
import type { ConsoleCurrency, Overview } from './api.ts';
import { useRead } from './client.ts';

interface Selection {
  readonly account: string;
  readonly select: (account: string) => void;
}

/** The account whose money the pages show. */
export const AccountContext = createContext<Selection>({ account: 'acct_demo', select: () => undefined });

export const useAccount = (): Selection => useContext(AccountContext);

const useAccountRead = <Data>(path: string) => {
  const { account } = useAccount();
  return useRead<Data>(`${path}?account=${encodeURIComponent(account)}`);
};

export const useOverview = () => useAccountRead<Overview>('/overview');

export const useCurrencies = () => useAccountRead<readonly ConsoleCurrency[]>('/currencies');
