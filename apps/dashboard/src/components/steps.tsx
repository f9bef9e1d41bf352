import type { ReactNode } from 'react';
import { Icon } from './icon.tsx';
import styles from './steps.module.css';

export type StepState = 'waiting' | 'running' | 'ok' | 'failed' | 'skipped';

export type Step = {
  name: string;
  state: StepState;
  /** How long it took, or the like. */
  aside?: string | undefined;
  children?: ReactNode;
};

const STATE_WORDS: Record<StepState, string> = {
  waiting: 'waiting',
  running: 'under way',
  ok: 'fine',
  failed: 'failed',
  skipped: 'left out',
};

/** What is done one after the other, and how each went. */
export function Steps({ label, steps }: { label: string; steps: readonly Step[] }) {
  return (
    <ol className={styles.steps} aria-label={label}>
      {steps.map(({ name, state, aside, children }) => (
        <li key={name} className={`${styles.step} ${styles[state]}`}>
          <span className={styles.mark} aria-hidden="true">
            {state === 'ok' && <Icon name="check" size={12} />}
            {state === 'failed' && <Icon name="cross" size={12} />}
          </span>
          <div className={styles.body}>
            <div className={styles.name}>
              <strong>{name}</strong>
              <span className="visually-hidden">{STATE_WORDS[state]}</span>
              {aside !== undefined && <span className={styles.aside}>{aside}</span>}
            </div>
            {children}
          </div>
        </li>
      ))}
    </ol>
  );
}
