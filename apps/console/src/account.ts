import { createContext, useContext } from 'react';

interface Selection {
  readonly account: string;
  readonly select: (account: string) => void;
}

/** The account whose money the pages show. */
export const AccountContext = createContext<Selection>({ account: 'acct_demo', select: () => undefined });

export const useAccount = (): Selection => useContext(AccountContext);
