import { Page } from '../../components/layout.tsx';

export function KeysPage() {
  return <Page title="API keys">…</Page>;
}
