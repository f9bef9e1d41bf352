import type { LiveStatus } from '../lib/live-status.ts';
import styles from './live-indicator.module.css';
import { TimeAgo } from './time-ago.tsx';

type Shown = Pick<LiveStatus, 'connection' | 'clockAheadMs'> & { status: { at_millis: number } | undefined };

/** Whether what is shown is so at this moment, and how old it is when not. */
export function LiveIndicator({ live }: { live: Shown }) {
  return (
    <span className={`${styles.indicator} ${styles[live.connection] ?? ''}`} role="status">
      <span className={styles.dot} aria-hidden="true" />
      <span>
        <Words live={live} />
      </span>
    </span>
  );
}

function Words({ live: { connection, status, clockAheadMs } }: { live: Shown }) {
  if (connection === 'live') return <>Live</>;
  if (connection === 'connecting') return <>Connecting …</>;
  const age = status && <TimeAgo millis={status.at_millis} clockAheadMs={clockAheadMs} />;
  if (connection === 'ended') return <>Not live{age && <> · as it was {age}</>}</>;
  return <>Connection lost, trying again{age && <> · as it was {age}</>}</>;
}
