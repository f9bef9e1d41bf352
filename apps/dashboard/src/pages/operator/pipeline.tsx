import { Page } from '../../components/layout.tsx';

export function PipelinePage() {
  return <Page title="Pipeline">…</Page>;
}
