import { Page } from '../../components/layout.tsx';

export function FuseboxPage() {
  return <Page title="Fusebox">…</Page>;
}
