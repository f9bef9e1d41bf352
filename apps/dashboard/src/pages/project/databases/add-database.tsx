import { Link, useParams } from '@tanstack/react-router';
import { Page } from '../../../components/layout.tsx';
import { DatabaseForm, NEW_DATABASE } from './database-form.tsx';

export function AddDatabasePage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId/add-database' });
  return (
    <Page
      title="Add database"
      above={
        <Link to="/projects/$projectId" params={{ projectId }}>
          External databases
        </Link>
      }
      lead="A PostgreSQL 12 or newer that this server can reach. Nothing is saved before you say so; a test leaves nothing behind."
    >
      <DatabaseForm projectId={projectId} initial={NEW_DATABASE} />
    </Page>
  );
}
