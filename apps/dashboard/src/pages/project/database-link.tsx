import { Link } from '@tanstack/react-router';

/** The name of an external database, which leads to its page. */
export function DatabaseLink({ projectId, databaseId }: { projectId: string; databaseId: string }) {
  return (
    <Link to="/projects/$projectId/databases/$databaseId" params={{ projectId, databaseId }}>
      {databaseId}
    </Link>
  );
}
