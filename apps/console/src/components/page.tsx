import { type ReactNode, useId } from 'react';
import { Link } from 'wouter';
import type { CallError } from '../client.ts';

interface Children {
  readonly children?: ReactNode;
}

export const PageTitle = ({ title, children }: Children & { readonly title: string }) => (
  <header className="page-title">
    <h1>{title}</h1>
    {children === undefined ? null : <div className="actions">{children}</div>}
  </header>
);

export interface Subpage {
  readonly path: string;
  readonly name: string;
}

/** Links to the parts of a page; `current` is the path of the part that is shown. */
export const Subpages = ({
  label,
  subpages,
  current,
}: {
  readonly label: string;
  readonly subpages: readonly Subpage[];
  readonly current: string | undefined;
}) => (
  <nav className="subpages" aria-label={label}>
    {subpages.map(({ path, name }) => (
      <Link key={path} href={path} aria-current={path === current ? 'page' : undefined}>
        {name}
      </Link>
    ))}
  </nav>
);

/** A part of a page with its title and actions. */
export const Section = ({
  title,
  actions,
  children,
  hint,
}: Children & { readonly title: string; readonly actions?: ReactNode; readonly hint?: ReactNode }) => {
  const id = useId();
  return (
    <section className="card" aria-labelledby={id}>
      <header className="card-header">
        <div>
          <h2 id={id}>{title}</h2>
          {hint === undefined ? null : <p className="hint">{hint}</p>}
        </div>
        {actions === undefined ? null : <div className="actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
};

/** What to do next where there is nothing yet. */
export const Empty = ({ title, children }: Children & { readonly title: string }) => (
  <div className="empty">
    <p className="empty-title">{title}</p>
    {children}
  </div>
);

/** An error with its fix. */
export const Problem = ({ error }: { readonly error: Pick<CallError, 'message' | 'fix'> }) => (
  <div className="problem" role="alert">
    <strong>{error.message}</strong>
    <p>{error.fix}</p>
  </div>
);

interface Query<Data> {
  readonly data: Data | undefined;
  readonly error: CallError | null;
}

/** The data of a query once it is there; its error until then. */
export const Loaded = <Data,>({
  query: { data, error },
  children,
}: {
  readonly query: Query<Data>;
  readonly children: (data: Data) => ReactNode;
}) => {
  if (data !== undefined) return children(data);
  return error === null ? <p className="loading">Loading…</p> : <Problem error={error} />;
};
