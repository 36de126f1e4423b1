/** Dialogs: one that asks before something is done, and a plain one. Focus stays inside, Escape closes, the refusal is shown where the person acts. */
import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, type ReactNode, useEffect, useState } from 'react';
import { Button } from './Button.tsx';
import { Refusal } from './State.tsx';

interface ConfirmProps {
  readonly open: boolean;
  close(): void;
  readonly title: string;
  /** What will happen, in one or two sentences. */
  readonly why: ReactNode;
  /** The deed, as the button's words: Cancel order. */
  readonly deed: string;
  readonly danger?: boolean;
  readonly wide?: boolean;
  /** False: the button waits for the fields. */
  readonly ready?: boolean;
  /** Closes when it is done; its error is shown and the dialog stays. */
  run(): Promise<unknown>;
  readonly children?: ReactNode;
}

export function Confirm({
  open,
  close,
  title,
  why,
  deed,
  danger = false,
  wide = false,
  ready = true,
  run,
  children,
}: ConfirmProps): ReactNode {
  const [pending, set_pending] = useState(false);
  const [error, set_error] = useState<Error | null>(null);
  useEffect(() => {
    if (open) set_error(null);
  }, [open]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (pending || !ready) return;
    set_pending(true);
    set_error(null);
    run()
      .then(close, (refusal: Error) => set_error(refusal))
      .finally(() => set_pending(false));
  };
  return (
    <Popup open={open} close={close} wide={wide}>
      <form onSubmit={submit}>
        <Dialog.Title>{title}</Dialog.Title>
        <Dialog.Description className="why">{why}</Dialog.Description>
        {children}
        <Refusal error={error} />
        <div className="actions">
          <Dialog.Close className="button">Keep as is</Dialog.Close>
          <Button type="submit" look={danger ? 'danger' : 'primary'} disabled={pending || !ready}>
            {pending ? 'Working…' : deed}
          </Button>
        </div>
      </form>
    </Popup>
  );
}

interface ShowProps {
  readonly open: boolean;
  close(): void;
  readonly title: string;
  /** What can be done from here, beside Close. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

export function Show({ open, close, title, actions, children }: ShowProps): ReactNode {
  return (
    <Popup open={open} close={close} wide>
      <div className="dialog-body">
        <Dialog.Title>{title}</Dialog.Title>
        {children}
        <div className="actions">
          <Dialog.Close className="button">Close</Dialog.Close>
          {actions}
        </div>
      </div>
    </Popup>
  );
}

function Popup({
  open,
  close,
  wide,
  children,
}: {
  readonly open: boolean;
  close(): void;
  readonly wide: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Dialog.Root open={open} onOpenChange={now_open => !now_open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className={wide ? 'dialog wide' : 'dialog'}>{children}</Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
