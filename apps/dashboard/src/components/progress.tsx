import { formatCount } from '../lib/format.ts';
import styles from './progress.module.css';

type ProgressProps = {
  label: string;
  /** So far. */
  value: number;
  /** Null: nobody knows how many there will be. */
  max: number | null;
  unit: string;
};

const ALMOST = 0.99;

/** How far something has come. An estimate that is exceeded does not claim to be at the end. */
export function Progress({ label, value, max, unit }: ProgressProps) {
  const share = max === null || max === 0 ? null : Math.min(value / max, ALMOST);
  const words =
    max === null ? formatCount(value) : `${formatCount(value)} of about ${formatCount(Math.max(max, value))}`;
  return (
    <div className={styles.progress}>
      <div className={styles.words}>
        <span>{label}</span>
        <span>
          {words} {unit}
          {share !== null && ` · ${Math.floor(share * 100)} %`}
        </span>
      </div>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuetext={`${words} ${unit}`}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(share !== null && { 'aria-valuenow': Math.floor(share * 100) })}
        className={styles.track}
      >
        <div
          className={share === null ? `${styles.bar} ${styles.unknown}` : styles.bar}
          style={{ width: share === null ? '30%' : `${share * 100}%` }}
        />
      </div>
    </div>
  );
}
