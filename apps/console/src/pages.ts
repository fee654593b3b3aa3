import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

interface ConsolePage {
  readonly path: string;
  readonly title: string;
  /** Pressed after G, opens the page. */
  readonly key: string;
  readonly Page: LazyExoticComponent<ComponentType>;
}

/** The pages, in the order of the navigation. Each is loaded when it is opened. */
export const PAGES: readonly ConsolePage[] = [
  { path: '/', title: 'Overview', key: 'o', Page: lazy(() => import('./pages/overview.tsx')) },
  {
    path: '/requests',
    title: 'Requests',
    key: 'r',
    Page: lazy(() => import('./pages/requests/requests.tsx')),
  },
  { path: '/keys', title: 'API keys', key: 'k', Page: lazy(() => import('./pages/keys/keys.tsx')) },
  {
    path: '/webhooks',
    title: 'Webhooks',
    key: 'w',
    Page: lazy(() => import('./pages/webhooks/webhooks.tsx')),
  },
  { path: '/ledger', title: 'Ledger', key: 'l', Page: lazy(() => import('./pages/ledger/ledger.tsx')) },
  { path: '/currencies', title: 'Currencies', key: 'c', Page: lazy(() => import('./pages/currencies.tsx')) },
];
