import { Link } from '@tanstack/react-router';
import { classOf } from '../../../components/button.tsx';
import { Card } from '../../../components/layout.tsx';

/** From the page of a database to its profiles. */
export function ProfileLink({ projectId, databaseId }: { projectId: string; databaseId: string }) {
  return (
    <Card
      title="Profiles"
      lead="What numbering, reading and writing changes costs, and which index is missing."
      actions={
        <Link
          to="/projects/$projectId/databases/$databaseId/profile"
          params={{ projectId, databaseId }}
          className={classOf('secondary')}
        >
          Open profiles
        </Link>
      }
      flush
    >
      {null}
    </Card>
  );
}
