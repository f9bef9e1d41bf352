import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button, classOf } from '../../../components/button.tsx';
import { ConfirmDialog, Dialog } from '../../../components/dialog.tsx';
import { ErrorNotice } from '../../../components/feedback.tsx';
import { Icon } from '../../../components/icon.tsx';
import { useDatabaseActions, usePauses } from '../../../lib/database-actions.ts';
import { useSession } from '../../../lib/session.ts';
import { ConnectionTestPanel } from './connection-test.tsx';

type ActionsProps = { projectId: string; database: ExternalDatabaseSyncStatus };

/** What one does with a database from day to day. */
export function MainActions({ projectId, database }: ActionsProps) {
  const [isTesting, setTesting] = useState(false);
  return (
    <>
      <PauseButton projectId={projectId} database={database} />
      <Button icon="pipeline" onClick={() => setTesting(true)}>
        Test connection
      </Button>
      <Link
        to="/projects/$projectId/databases/$databaseId/edit"
        params={{ projectId, databaseId: database.id }}
        className={classOf('secondary')}
      >
        <Icon name="edit" />
        Edit
      </Link>
      {isTesting && (
        <Dialog title={`Test the connection of ${database.id}`} wide onClose={() => setTesting(false)}>
          <ConnectionTestPanel projectId={projectId} databaseId={database.id} />
        </Dialog>
      )}
    </>
  );
}

/** Ends the pause of one's own side, or begins one. What the other side has paused only it can resume. */
function PauseButton({ projectId, database }: ActionsProps) {
  const { id } = database;
  const [isAsking, setAsking] = useState(false);
  const { pause, resume } = useDatabaseActions(projectId, id);
  const pauses = usePauses(projectId, [database]);
  const side = useSession().is_operator ? 'operator' : 'owner';
  const own = pauses.data?.find((one) => one.external_database_id === id && one.paused_by === side);
  if (own) {
    return (
      <>
        {resume.error && <ErrorNotice error={resume.error} title="The pause was not ended" />}
        <Button icon="play" variant="primary" busy={resume.isPending} onClick={() => resume.mutate()}>
          Resume
        </Button>
      </>
    );
  }
  return (
    <>
      <Button icon="pause" disabled={pauses.data === undefined} onClick={() => setAsking(true)}>
        Pause
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Pause ${id}`}
          action="Pause"
          asksReason
          work={pause}
          onConfirm={(reason) => pause.mutate(reason, { onSuccess: () => setAsking(false) })}
          onClose={() => setAsking(false)}
        >
          Within five seconds nothing more is written there. Changes are kept, and arrive after the pause.
        </ConfirmDialog>
      )}
    </>
  );
}
