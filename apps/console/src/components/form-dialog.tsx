import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Change, useChange } from '../client.ts';
import { Button, type ButtonKind } from './controls.tsx';
import { Problem } from './page.tsx';

interface FormDialogProps<Data> {
  readonly title: string;
  readonly trigger: string;
  readonly triggerLabel?: string;
  readonly description?: string;
  readonly submit: string;
  readonly kind?: ButtonKind;
  /** The change to make with the fields. */
  readonly getChange: (fields: FormData) => Change<Data>;
  /** Replaces the form after the change, for example with a secret. Without it the dialog closes. */
  readonly result?: (data: Data) => ReactNode;
  readonly children?: ReactNode;
}

/** A button that opens a form in a dialog. The form makes a change, and shows its error when it fails. */
export const FormDialog = <Data = unknown>(props: FormDialogProps<Data>) => {
  const { title, trigger, description, submit, kind = 'plain', result, children } = props;
  const [isOpen, setOpen] = useState(false);
  const [changed, setChanged] = useState<{ readonly data: Data } | null>(null);
  const { mutate, reset, error, isPending } = useChange<Data>({ tellsError: false });
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const change = props.getChange(new FormData(event.currentTarget));
    const onDone = (data: Data) => {
      change.onDone?.(data);
      if (result === undefined) setOpen(false);
      else setChanged({ data });
    };
    mutate({ ...change, onDone });
  };
  const open = (isOpening: boolean) => {
    if (isOpening) {
      setChanged(null);
      reset();
    }
    setOpen(isOpening);
  };
  return (
    <Dialog.Root open={isOpen} onOpenChange={open}>
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
          {result === undefined || changed === null ? (
            <form onSubmit={send} noValidate>
              {children}
              {error === null ? null : <Problem error={error} />}
              <div className="dialog-actions">
                <Dialog.Close className="button quiet">Cancel</Dialog.Close>
                <Button kind={kind === 'danger' ? 'danger' : 'primary'} type="submit" disabled={isPending}>
                  {submit}
                </Button>
              </div>
            </form>
          ) : (
            <>
              {result(changed.data)}
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
