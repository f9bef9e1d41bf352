import type { ReactNode } from 'react';
import styles from './disclosure.module.css';

/** What most people do not need, behind a line that says what it is. */
export function Disclosure({ title, children, open = false }: { title: string; children: ReactNode; open?: boolean }) {
  return (
    <details className={styles.disclosure} open={open}>
      <summary>{title}</summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
