import { type ReactNode, useId, useLayoutEffect, useRef, useState } from 'react';
import { Button, type ButtonVariant, IconButton } from './button.tsx';
import styles from './dialog.module.css';
import { ErrorNotice } from './feedback.tsx';
import { Form, TextField } from './field.tsx';

type DialogProps = { title: string; onClose: () => void; wide?: boolean; children: ReactNode };

/** What has to be dealt with first. The browser keeps the focus in it, and Escape closes it. */
export function Dialog({ title, onClose, wide = false, children }: DialogProps) {
  const id = useId();
  const ref = useRef<HTMLDialogElement>(null);
  // Closed while it is still in the page: only then the browser gives the focus back to where it was.
  useLayoutEffect(() => {
    const dialog = ref.current;
    if (dialog !== null && !dialog.open) dialog.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      className={wide ? `${styles.dialog} ${styles.wide}` : styles.dialog}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={styles.header}>
        <h2 id={id}>{title}</h2>
        <IconButton icon="cross" label="Close" onClick={onClose} />
      </div>
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}

export function DialogActions({ children }: { children: ReactNode }) {
  return <div className={styles.footer}>{children}</div>;
}

/** The part of a mutation of TanStack Query that a dialog shows. */
type Work = { isPending: boolean; error: Error | null };

type ConfirmProps = {
  title: string;
  /** What will happen, and what will not. */
  children: ReactNode;
  /** The verb on the button. */
  action: string;
  /** Has to be typed for something that cannot be taken back. */
  name?: string;
  /** Whether why it is done has to be said; it is kept in the audit log. */
  asksReason?: boolean;
  variant?: ButtonVariant;
  work: Work;
  onConfirm: (reason: string) => void;
  onClose: () => void;
};

/** Asks before something is done: for the name of what is lost, or for the reason. */
export function ConfirmDialog(props: ConfirmProps) {
  const { title, children, action, name, asksReason = false, variant = 'primary', work, onConfirm, onClose } = props;
  const [typed, setTyped] = useState('');
  const [reason, setReason] = useState('');
  const isAllowed = (name === undefined || typed === name) && (!asksReason || reason.trim() !== '');
  return (
    <Dialog title={title} onClose={onClose}>
      <div>{children}</div>
      <Form onSubmit={() => isAllowed && !work.isPending && onConfirm(reason.trim())}>
        {asksReason && (
          <TextField
            label="Reason"
            hint="Shown to whoever finds it later, and kept in the audit log."
            value={reason}
            maxLength={500}
            onChange={(event) => setReason(event.target.value)}
          />
        )}
        {name !== undefined && (
          <TextField
            label={`Type ${name} to confirm`}
            mono
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        )}
        {work.error && <ErrorNotice error={work.error} title="That did not work" />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant={name === undefined ? variant : 'danger'}
            disabled={!isAllowed}
            busy={work.isPending}
          >
            {action}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
