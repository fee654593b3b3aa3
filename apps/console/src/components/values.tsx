import type { ReactNode } from 'react';
import { formatDistance, formatTime } from '../format.ts';
import { useClock } from '../live.ts';
import { useToast } from '../toasts.tsx';
import { Button } from './controls.tsx';

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

/** A secret that is not shown again. */
export const SecretOnce = ({
  name,
  secret,
  children,
}: {
  readonly name: string;
  readonly secret: string;
  readonly children?: ReactNode;
}) => (
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
