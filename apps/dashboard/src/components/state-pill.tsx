import type { SyncState } from '@hexclave/contract';
import styles from './state-pill.module.css';

/** `none`: there is no external database. */
export type ShownState = SyncState | 'none';

export const STATE_WORDS: Record<ShownState, string> = {
  fresh: 'Fresh',
  behind: 'Behind',
  failing: 'Failing',
  paused: 'Paused',
  none: 'No database',
};

/** A state as word, colour and shape: none of them is needed to tell it. */
export function StatePill({ state, label }: { state: ShownState; label?: string }) {
  return <span className={`${styles.pill} ${styles[state]}`}>{label ?? STATE_WORDS[state]}</span>;
}
