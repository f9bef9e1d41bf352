import { type ReactNode, useEffect, useState } from 'react';
import styles from './disclosure.module.css';

type DisclosureProps = {
  title: string;
  /** Becoming true opens it, as when something in it is wrong. It is never closed under anybody's hands. */
  opens?: boolean;
  children: ReactNode;
};

/** What most people do not need, behind a line that says what it is. */
export function Disclosure({ title, opens = false, children }: DisclosureProps) {
  const [isOpen, setOpen] = useState(opens);
  useEffect(() => {
    if (opens) setOpen(true);
  }, [opens]);
  return (
    <details className={styles.disclosure} open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>{title}</summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
