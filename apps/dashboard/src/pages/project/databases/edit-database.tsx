import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { classOf } from '../../../components/button.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Page } from '../../../components/layout.tsx';
import { NEW_CONNECTION } from '../../../lib/connection-draft.ts';
import { type DatabaseConfig, databaseConfigsQuery } from '../../../lib/database-config.ts';
import { type DatabaseDraft, DatabaseForm } from './database-form.tsx';
import { tableDraftsOf } from './table-fields.tsx';

export function EditDatabasePage() {
  const { projectId, databaseId } = useParams({ from: '/signed-in/projects/$projectId/databases/$databaseId/edit' });
  // What is edited must not be replaced under one's hands.
  const configs = useQuery({ ...databaseConfigsQuery(projectId), staleTime: 0, refetchOnWindowFocus: false });
  const config = configs.isFetching ? undefined : configs.data?.[databaseId];
  return (
    <Page
      title={`Edit ${databaseId}`}
      above={
        <Link to="/projects/$projectId/databases/$databaseId" params={{ projectId, databaseId }}>
          {databaseId}
        </Link>
      }
      lead="The copy goes on from where it is, unless it is to be in another place."
    >
      {configs.error && (
        <ErrorNotice
          error={configs.error}
          title="The configuration could not be loaded"
          onRetry={() => void configs.refetch()}
        />
      )}
      {configs.isFetching && <Loading label="The configuration is being loaded" lines={8} />}
      {config && <DatabaseForm projectId={projectId} existingId={databaseId} initial={draftOf(databaseId, config)} />}
      {!configs.isFetching && configs.data && !config && <Gone projectId={projectId} />}
    </Page>
  );
}

function Gone({ projectId }: { projectId: string }) {
  return (
    <EmptyState
      title="There is no such external database"
      actions={
        <Link to="/projects/$projectId" params={{ projectId }} className={classOf('primary')}>
          All external databases
        </Link>
      }
    >
      It was removed, or its address is mistyped.
    </EmptyState>
  );
}

/** The password is not known here: to change anything of the connection, it has to be entered again. */
function draftOf(id: string, { connection, schema, deleteMode, tables }: DatabaseConfig): DatabaseDraft {
  const shown = connection && { ...connection, port: String(connection.port) };
  return { id, connection: { ...NEW_CONNECTION, ...shown }, schema, deleteMode, tables: tableDraftsOf(tables) };
}
