import { useParams } from '@tanstack/react-router';
import { AuditLogView } from '../audit-log-view.tsx';

export function ProjectAuditLogPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId/audit-log' });
  return (
    <AuditLogView
      projectId={projectId}
      lead="Who changed what in this project, when and why, the operator included. Kept for a year."
    />
  );
}
