import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { ConfirmDialog } from '../../../components/dialog.tsx';
import { Card } from '../../../components/layout.tsx';
import type { DatabaseActions } from '../../../lib/database-actions.ts';
import { useSaveDatabase } from '../../../lib/database-config.ts';
import { qualified } from '../../../lib/sql.ts';
import styles from './databases.module.css';

type DangerProps = { projectId: string; database: ExternalDatabaseSyncStatus; resync: DatabaseActions['resync'] };

/** What is rarely needed. */
export function DangerCard({ projectId, database, resync }: DangerProps) {
  return (
    <Card title="Copy anew, or remove">
      <ResyncLine database={database} resync={resync} />
      <RemoveLine projectId={projectId} database={database} />
    </Card>
  );
}

function ResyncLine({ database: { id }, resync }: Omit<DangerProps, 'projectId'>) {
  const [isAsking, setAsking] = useState(false);
  const close = () => {
    resync.reset();
    setAsking(false);
  };
  return (
    <div className={styles.danger}>
      <p>
        A new copy brings all rows again without emptying the tables. It is rarely needed: a verification finds and puts
        right single rows.
      </p>
      <Button icon="retry" onClick={() => setAsking(true)}>
        Copy anew …
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Copy ${id} anew`}
          action="Copy anew"
          work={resync}
          onConfirm={() => resync.mutate(undefined, { onSuccess: close })}
          onClose={close}
        >
          All rows are read and written again, which takes a while for many. Whoever reads the tables meanwhile never
          sees fewer rows than there are.
        </ConfirmDialog>
      )}
    </div>
  );
}

function RemoveLine({ projectId, database }: Omit<DangerProps, 'resync'>) {
  const [isAsking, setAsking] = useState(false);
  const { remove } = useSaveDatabase(projectId);
  const navigate = useNavigate();
  const leave = () => navigate({ to: '/projects/$projectId', params: { projectId } });
  const tables = database.mappings.map(({ target_table: table }) => qualified(database.schema, table)).join(', ');
  return (
    <div className={styles.danger}>
      <p>Removing ends the copy. The tables stay in your database as they are, and are yours to keep or drop.</p>
      <Button icon="trash" variant="danger" onClick={() => setAsking(true)}>
        Remove …
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Remove ${database.id}`}
          action="Remove database"
          name={database.id}
          work={remove}
          onConfirm={() => remove.mutate(database.id, { onSuccess: () => void leave() })}
          onClose={() => setAsking(false)}
        >
          Nothing more is written into {tables}, and the stored connection is forgotten. What is there stays there.
        </ConfirmDialog>
      )}
    </div>
  );
}
