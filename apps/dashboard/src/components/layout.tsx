import { type ReactNode, useEffect, useId } from 'react';
import styles from './layout.module.css';

type PageProps = {
  title: string;
  /** A link to the page that this one is below. */
  above?: ReactNode;
  /** What one sees and can do here, in a sentence. */
  lead?: ReactNode;
  actions?: ReactNode;
  /** Whether a table in it fills what is left of the window and scrolls by itself. */
  filled?: boolean;
  children: ReactNode;
};

export function Page({ title, above, lead, actions, filled = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Hexclave`;
  }, [title]);
  return (
    <div className={filled ? `${styles.page} ${styles.filled}` : styles.page}>
      <header className={styles.header}>
        <div>
          {above !== undefined && (
            <nav aria-label="Above" className={styles.above}>
              {above}
            </nav>
          )}
          <h1>{title}</h1>
          {lead !== undefined && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}

type CardProps = { title: string; lead?: ReactNode; actions?: ReactNode; flush?: boolean; children: ReactNode };

/** A part of a page with its own heading. `flush`: what is in it reaches the edges, as tables do. */
export function Card({ title, lead, actions, flush = false, children }: CardProps) {
  const id = useId();
  return (
    <section className={styles.card} aria-labelledby={id}>
      <div className={styles.cardHeader}>
        <div>
          <h2 id={id}>{title}</h2>
          {lead !== undefined && <div className={styles.cardLead}>{lead}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {flush ? children : <div className={styles.cardBody}>{children}</div>}
    </section>
  );
}

/** Names and values, side by side as far as there is room. */
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Stack({ children }: { children: ReactNode }) {
  return <div className={styles.stack}>{children}</div>;
}
