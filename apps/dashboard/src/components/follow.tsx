import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import styles from './follow.module.css';
import { Icon } from './icon.tsx';

/** How far something is in one place. */
export type FollowedPlace = {
  id: string;
  name: ReactNode;
  state: 'awaited' | 'done' | 'held-up';
  /** `arrived within 8 ms` */
  words: string;
};

type FollowProps = {
  /** For screen readers: what is followed. */
  label: string;
  title: string;
  places: readonly FollowedPlace[];
  onClose: () => void;
  children?: ReactNode;
};

/** Follows what was done here to the places where it takes effect, until it is closed. */
export function Follow({ label, title, places, onClose, children }: FollowProps) {
  return (
    <section className={styles.follow} aria-label={label}>
      <div className={styles.head}>
        <strong>{title}</strong>
        <IconButton icon="cross" label="Close" onClick={onClose} />
      </div>
      {/* Around the list: with that role it would be none any more. */}
      <div role="status">
        <ul className={styles.places}>
          {places.map(({ id, name, state, words }) => (
            <li key={id} className={styles[state]}>
              <span className={styles.mark} aria-hidden="true">
                {state === 'done' && <Icon name="check" size={12} />}
                {state === 'held-up' && <Icon name="warning" size={12} />}
              </span>
              {name}
              <span>{words}</span>
            </li>
          ))}
        </ul>
      </div>
      {children}
    </section>
  );
}
