import type { SyncError } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, classOf } from '../../../components/button.tsx';
import { ErrorNotice, Notice } from '../../../components/feedback.tsx';
import { Icon } from '../../../components/icon.tsx';
import { RemedyText } from '../../../components/remedy.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import type { DatabaseActions } from '../../../lib/database-actions.ts';
import { formatCount, formatDuration, formatTime } from '../../../lib/format.ts';
import { useNow } from '../../../lib/use-now.ts';
import { ConnectionTestPanel } from './connection-test.tsx';
import styles from './databases.module.css';

/** Failures whose cause is in the connection string: what to do is done on the page that edits it. */
const MENDED_BY_EDITING = new Set([
  'TARGET_UNREACHABLE',
  'TARGET_ADDRESS_REFUSED',
  'TARGET_TLS_FAILED',
  'TARGET_SIGN_IN_FAILED',
  'TARGET_DATABASE_MISSING',
  'TARGET_READ_ONLY',
  'TARGET_IS_INTERNAL_DATABASE',
  'TARGET_OWNED_BY_ANOTHER_PROJECT',
  'TARGET_CONNECTION_UNREADABLE',
  'TARGET_TABLE_EXISTS',
]);

type ErrorProps = {
  projectId: string;
  databaseId: string;
  /** The table that fails; without it, the whole database does. */
  mapping?: string;
  error: SyncError;
  clockAheadMs: number;
  retry: DatabaseActions['retry'];
};

/** A failure of the sync: since when, why, and what to do about it. */
export function SyncErrorNotice({ projectId, databaseId, mapping, error, clockAheadMs, retry }: ErrorProps) {
  const [isTesting, setTesting] = useState(false);
  return (
    <Notice tone="failing" title={mapping === undefined ? error.message : `${mapping}: ${error.message}`}>
      <RemedyText remedy={error.remedy} />
      <p className={styles.quiet}>
        <code>{error.code}</code>
        {error.sql_state !== null && (
          <>
            {' · SQLSTATE '}
            <code>{error.sql_state}</code>
          </>
        )}
        {' · failing since '}
        {formatTime(error.failing_since_millis)} (
        <TimeAgo millis={error.failing_since_millis} clockAheadMs={clockAheadMs} />) · {formatCount(error.attempts)}{' '}
        {error.attempts === 1 ? 'attempt' : 'attempts'} · <NextAttempt error={error} clockAheadMs={clockAheadMs} />
      </p>
      {retry.error && <ErrorNotice error={retry.error} title="No attempt could be asked for" />}
      <div className={styles.buttons}>
        <Button icon="retry" busy={retry.isPending} onClick={() => retry.mutate(mapping)}>
          Retry now
        </Button>
        {!isTesting && (
          <Button icon="pipeline" onClick={() => setTesting(true)}>
            Find the cause
          </Button>
        )}
        {MENDED_BY_EDITING.has(error.code) && (
          <Link
            to="/projects/$projectId/databases/$databaseId/edit"
            params={{ projectId, databaseId }}
            className={classOf('secondary')}
          >
            <Icon name="edit" />
            Edit the connection
          </Link>
        )}
      </div>
      {isTesting && <ConnectionTestPanel projectId={projectId} databaseId={databaseId} />}
    </Notice>
  );
}

function NextAttempt({
  error: { next_attempt_at_millis: next },
  clockAheadMs,
}: Pick<ErrorProps, 'error' | 'clockAheadMs'>) {
  const now = useNow() + clockAheadMs;
  const rest = next === null ? 0 : next - now;
  return <>{rest > 0 ? `next attempt in ${formatDuration(rest)}` : 'an attempt is due'}</>;
}
