import { Dialog } from '@base-ui/react/dialog';
import { type ComponentProps, type FormEvent, type ReactNode, useId, useState } from 'react';
import type { CallError } from './client.ts';
import { formatDistance, formatTime } from './format.ts';
import { useClock } from './live.ts';
import { useToast } from './toasts.tsx';

interface Children {
  readonly children?: ReactNode;
}

export const Button = ({
  kind = 'plain',
  className = '',
  ...rest
}: ComponentProps<'button'> & { readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet' }) => (
  <button type="button" className={`button ${kind} ${className}`} {...rest} />
);

const GOOD = ['confirmed', 'delivered', 'served', 'valid', 'active', 'ok', 'on'];
const WAITING = ['pending', 'broadcasted', 'detected', 'expired', 'overlap'];
const QUIET = ['off', 'revoked', 'aborted'];

const getTone = (status: string): string =>
  GOOD.includes(status)
    ? 'good'
    : WAITING.includes(status)
      ? 'wait'
      : QUIET.includes(status)
        ? 'quiet'
        : 'bad';

/** A status as text and colour. */
export const Badge = ({ children, tone }: { readonly children: string; readonly tone?: string }) => (
  <span className={`badge ${tone ?? getTone(children)}`}>{children.replaceAll('_', ' ')}</span>
);

export const StatusCode = ({ status }: { readonly status: number | null }) => (
  <span
    className={`badge mono ${status === null ? 'quiet' : status < 300 ? 'good' : status < 500 ? 'wait' : 'bad'}`}
  >
    {status ?? '—'}
  </span>
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

export const PageTitle = ({ title, children }: Children & { readonly title: string }) => (
  <header className="page-title">
    <h1>{title}</h1>
    {children === undefined ? null : <div className="actions">{children}</div>}
  </header>
);

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

/** A table that scrolls sideways on a narrow screen. */
export const Table = ({
  label,
  columns,
  children,
}: Children & {
  readonly label: string;
  readonly columns: readonly (string | readonly [string, 'end'])[];
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard must be able to scroll it
  <section className="table-scroll" tabIndex={0} aria-label={`${label} table`}>
    <table>
      <thead>
        <tr>
          {columns.map((column) => {
            const [name, align] = typeof column === 'string' ? [column, 'start'] : column;
            return (
              <th key={name} scope="col" className={align}>
                {name}
              </th>
            );
          })}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </section>
);

export const Time = ({ at }: { readonly at: string | number }) => {
  const { now } = useClock();
  const iso = new Date(at).toISOString();
  return (
    <time dateTime={iso} title={iso}>
      {formatTime(at)} <span className="hint nowrap">{formatDistance(at, now)}</span>
    </time>
  );
};

export const Copy = ({ text, label }: { readonly text: string; readonly label: string }) => {
  const toast = useToast();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast.success('Copied.');
    } catch {
      const fix = 'Select the text and copy it with the keyboard.';
      toast.failure({ message: 'The browser does not let this page copy.', fix });
    }
  };
  return (
    <Button kind="quiet" className="copy" onClick={copy}>
      Copy<span className="visually-hidden"> {label}</span>
    </Button>
  );
};

/** A long text in one line, with a button that copies all of it. */
export const Short = ({ text, label }: { readonly text: string; readonly label: string }) => (
  <span className="short">
    <code title={text}>{text.length > 18 ? `${text.slice(0, 9)}…${text.slice(-6)}` : text}</code>
    <Copy text={text} label={label} />
  </span>
);

export const Field = ({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string;
  readonly children: (attributes: { readonly id: string; readonly 'aria-describedby'?: string }) => ReactNode;
}) => {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, ...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` }) })}
      {hint === undefined ? null : (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
};

export interface FormDialogProps extends Children {
  readonly title: string;
  readonly trigger: string;
  readonly description?: string;
  readonly submit: string;
  readonly kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  readonly triggerLabel?: string;
  readonly error?: CallError | null;
  readonly isBusy?: boolean;
  /** Called with the fields; `close` closes the dialog. */
  readonly onSubmit: (fields: FormData, close: () => void) => void;
  readonly onOpen?: () => void;
  /** Replaces form and buttons, for example with a secret that is shown once. */
  readonly result?: ReactNode;
}

/** A button that opens a dialog with a form. */
export const FormDialog = (props: FormDialogProps) => {
  const [isOpen, setOpen] = useState(false);
  const { title, trigger, description, submit, kind = 'plain', error, isBusy, result, children } = props;
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    props.onSubmit(new FormData(event.currentTarget), () => setOpen(false));
  };
  const change = (open: boolean) => {
    if (open) props.onOpen?.();
    setOpen(open);
  };
  return (
    <Dialog.Root open={isOpen} onOpenChange={change}>
      <Dialog.Trigger className={`button ${kind}`} aria-label={props.triggerLabel ?? trigger}>
        {trigger}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title className="dialog-title">{title}</Dialog.Title>
          {description === undefined ? null : (
            <Dialog.Description className="hint">{description}</Dialog.Description>
          )}
          {result === undefined || result === null ? (
            <form onSubmit={send} noValidate>
              {children}
              {error === null || error === undefined ? null : <Problem error={error} />}
              <div className="dialog-actions">
                <Dialog.Close className="button quiet">Cancel</Dialog.Close>
                <Button
                  kind={kind === 'danger' ? 'danger' : 'primary'}
                  type="submit"
                  disabled={isBusy ?? false}
                >
                  {submit}
                </Button>
              </div>
            </form>
          ) : (
            <>
              {result}
              <div className="dialog-actions">
                <Dialog.Close className="button primary">Done</Dialog.Close>
              </div>
            </>
          )}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
};

/** A secret that is not shown again. */
export const SecretOnce = ({
  name,
  secret,
  children,
}: Children & { readonly name: string; readonly secret: string }) => (
  <div className="secret">
    <p>
      <strong>{name}</strong> Store it now: it is not shown again.
    </p>
    <div className="secret-value">
      <code data-testid="secret">{secret}</code>
      <Copy text={secret} label="the secret" />
    </div>
    {children}
  </div>
);

export const Code = ({
  text,
  label,
  copy = true,
}: {
  readonly text: string;
  readonly label: string;
  readonly copy?: boolean;
}) => (
  <div className="code">
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a keyboard must be able to scroll it */}
    <section tabIndex={0} aria-label={label}>
      <pre>{text}</pre>
    </section>
    {copy ? <Copy text={text} label={label} /> : null}
  </div>
);
