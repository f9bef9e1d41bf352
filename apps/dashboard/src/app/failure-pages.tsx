import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { classOf } from '../components/button.tsx';
import { EmptyState, ErrorNotice } from '../components/feedback.tsx';
import { Page } from '../components/layout.tsx';

export function NotFoundPage() {
  return (
    <Page title="Not found">
      <EmptyState
        title="There is no such page"
        actions={
          <Link to="/" className={classOf('primary')}>
            To the start
          </Link>
        }
      >
        The address may be mistyped, or what it was about may have been deleted.
      </EmptyState>
    </Page>
  );
}

export function PageError({ error }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Page title="This page failed">
      <ErrorNotice
        error={asError(error)}
        title="The page could not be shown"
        onRetry={() => void router.invalidate()}
      />
    </Page>
  );
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new TypeError('Something failed in the page, and did not say what.');
}
