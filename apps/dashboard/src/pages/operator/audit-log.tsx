import { Page } from '../../components/layout.tsx';

export function AuditLogPage() {
  return <Page title="AuditLog">…</Page>;
}
