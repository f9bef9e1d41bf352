import { AuditLogView } from '../audit-log-view.tsx';

export function AuditLogPage() {
  return <AuditLogView lead="Who changed what in all projects, when and why. Kept for a year." />;
}
