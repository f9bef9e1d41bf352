import type { ReactNode } from 'react';
import { codeOf, remedyOf, requestIdOf } from '../lib/errors.ts';
import { Button } from './button.tsx';
import styles from './feedback.module.css';
import { Icon } from './icon.tsx';

/** There is nothing here, and what to do about it. */
export function EmptyState({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <h2>{title}</h2>
      {children !== undefined && <p>{children}</p>}
      {actions !== undefined && <div className={styles.emptyActions}>{actions}</div>}
    </div>
  );
}

/** What is awaited, in the shape of lines. */
export function Loading({ label, lines = 4 }: { label: string; lines?: number }) {
  return (
    <div className={styles.lines} role="status">
      <span className="visually-hidden">{label}</span>
      {Array.from({ length: lines }, (_, index) => `line ${index}`).map((key) => (
        <div key={key} className={styles.line} aria-hidden="true" />
      ))}
    </div>
  );
}

export type NoticeTone = 'failing' | 'behind' | 'info' | 'fresh';

/** Something that has to be known, and stays until it is no longer so. */
export function Notice({ tone, title, children }: { tone: NoticeTone; title?: string; children?: ReactNode }) {
  return (
    <div className={`${styles.notice} ${styles[tone]}`} role={tone === 'failing' ? 'alert' : 'status'}>
      <Icon name={tone === 'fresh' ? 'check' : 'warning'} />
      <div className={styles.noticeBody}>
        {title !== undefined && <h3>{title}</h3>}
        {children}
      </div>
    </div>
  );
}

/** A request that failed: what happened, what to do, and by what the log knows it. */
export function ErrorNotice({ error, title, onRetry }: { error: Error; title?: string; onRetry?: () => void }) {
  const remedy = remedyOf(error);
  const requestId = requestIdOf(error);
  return (
    <Notice tone="failing" {...(title !== undefined && { title })}>
      <p>{error.message}</p>
      {remedy !== undefined && <p>{remedy}</p>}
      <p className={styles.fine}>
        <code>{codeOf(error)}</code>
        {requestId !== undefined && (
          <>
            {' · in the server’s log under '}
            <code>{requestId}</code>
          </>
        )}
      </p>
      {onRetry && (
        <Button icon="retry" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Notice>
  );
}
