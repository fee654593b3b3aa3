import { Suspense, useEffect, useMemo, useState } from 'react';
import { Link, Redirect, Route, Router, Switch, useLocation } from 'wouter';
import { useHashLocation } from 'wouter/use-hash-location';
import { AccountContext, useAccount, useOverview } from './account.ts';
import type { Overview } from './api.ts';
import { ClockControls } from './clock-controls.tsx';
import { Button, Select } from './components/controls.tsx';
import { type Connection, useConnection, useLiveUpdates } from './live.ts';
import { PAGES } from './pages.ts';
import { Palette } from './palette.tsx';
import { applyTheme, getTheme, THEMES, type Theme } from './theme.ts';

const isCurrent = (path: string, location: string): boolean =>
  path === '/' ? location === path : location.startsWith(path);

const Navigation = () => {
  const [location] = useLocation();
  return (
    <nav aria-label="Pages">
      {PAGES.map(({ path, title }) => (
        <Link key={path} href={path} aria-current={isCurrent(path, location) ? 'page' : undefined}>
          {title}
        </Link>
      ))}
    </nav>
  );
};

const THEME_SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

const ThemeButton = () => {
  const [theme, setTheme] = useState<Theme>(getTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] as Theme;
  const change = () => {
    applyTheme(next);
    setTheme(next);
  };
  return (
    <Button kind="quiet" onClick={change} aria-label={`Theme: ${theme}. Change to ${next}`}>
      {THEME_SIGNS[theme]}
    </Button>
  );
};

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  open: 'Live',
  lost: 'No connection',
};

const ConnectionSign = () => {
  const connection = useConnection();
  return (
    <span className={`connection ${connection}`} role="status">
      {CONNECTIONS[connection]}
    </span>
  );
};

const AccountSelect = ({ overview }: { readonly overview: Overview | undefined }) => {
  const { account, select } = useAccount();
  const ids = overview?.accounts.map(({ id }) => id) ?? [account];
  return (
    <Select
      label="Account"
      values={ids.includes(account) ? ids : [account, ...ids]}
      value={account}
      onChange={select}
    />
  );
};

/** Keys that open a page: G, then the letter of the page. */
const usePageKeys = (open: (path: string) => void): void => {
  useEffect(() => {
    let isWaiting = false;
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isTyping = target.closest('input, textarea, select, [role=dialog]') !== null;
      if (isTyping || event.metaKey || event.ctrlKey || event.altKey) return;
      const page = isWaiting ? PAGES.find(({ key }) => key === event.key) : undefined;
      isWaiting = event.key === 'g';
      if (page !== undefined) open(page.path);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, [open]);
};

const LOST = 'The gateway does not respond. Start it with npm run sandbox: this page reconnects by itself.';

const Frame = () => {
  const overview = useOverview();
  const connection = useConnection();
  const [location, open] = useLocation();
  usePageKeys(open);
  useEffect(() => {
    const page = PAGES.find(({ path }) => isCurrent(path, location));
    document.title = `${page?.title ?? 'Not found'} · CPG console`;
  }, [location]);
  return (
    <div className="frame">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <aside className="sidebar">
        <Link href="/" className="brand">
          <span className="brand-sign" aria-hidden="true">
            C
          </span>
          CPG <span className="hint">sandbox</span>
        </Link>
        <Navigation />
        <div className="sidebar-end">
          <ConnectionSign />
          {overview.data === undefined ? null : (
            <a href={`${overview.data.api_url}/docs`} target="_blank" rel="noreferrer">
              Documentation
            </a>
          )}
        </div>
      </aside>
      <div className="main">
        <header className="topbar">
          <ClockControls networks={overview.data?.networks ?? []} />
          <div className="topbar-end">
            <Palette />
            <AccountSelect overview={overview.data} />
            <ThemeButton />
          </div>
        </header>
        <main id="content" tabIndex={-1}>
          {connection === 'lost' ? (
            <p className="banner" role="alert">
              {LOST}
            </p>
          ) : null}
          <Suspense fallback={<p className="loading">Loading…</p>}>
            <Switch>
              {PAGES.map(({ path, Page }) => (
                <Route key={path} path={path === '/' ? path : `${path}/*?`} component={Page} />
              ))}
              <Route>
                <Redirect to="/" replace />
              </Route>
            </Switch>
          </Suspense>
        </main>
      </div>
    </div>
  );
};

const ACCOUNT_KEY = 'cpg-console-account';

/** Everything around the pages: navigation, clock, command palette and the account that they show. */
export const Shell = () => {
  useLiveUpdates();
  const [account, setAccount] = useState(() => localStorage.getItem(ACCOUNT_KEY) ?? 'acct_demo');
  const selection = useMemo(
    () => ({
      account,
      select: (id: string) => {
        localStorage.setItem(ACCOUNT_KEY, id);
        setAccount(id);
      },
    }),
    [account],
  );
  return (
    <AccountContext value={selection}>
      <Router hook={useHashLocation}>
        <Frame />
      </Router>
    </AccountContext>
  );
};
