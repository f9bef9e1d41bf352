import type { ApiKeySet } from '@hexclave/contract';
import { useParams } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { Button } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../components/feedback.tsx';
import { Card, Page } from '../../components/layout.tsx';
import { StatePill } from '../../components/state-pill.tsx';
import { useApiKeys } from '../../lib/api-keys.ts';
import { formatDate } from '../../lib/format.ts';
import { useNow } from '../../lib/use-now.ts';
import { CreateKeysDialog } from './create-keys.tsx';

/** By which programs and people sign in to the project. */
export function KeysPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId/keys' });
  const keys = useApiKeys(projectId);
  const [isCreating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<ApiKeySet>();
  const columns = useMemo(() => columnsOf(setRevoking), []);
  return (
    <Page
      title="API keys"
      lead="Programs name themselves by a key. The server keeps hashes only, so a key is shown once, when it is created."
      actions={
        <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
          Create keys
        </Button>
      }
    >
      {keys.list.error && (
        <ErrorNotice
          error={keys.list.error}
          title="The keys could not be listed"
          onRetry={() => void keys.list.refetch()}
        />
      )}
      <Card title="Sets of keys" flush>
        {keys.list.data === undefined ? (
          <Loading label="The keys are being loaded" />
        ) : (
          <DataTable
            label="Sets of keys"
            columns={columns}
            rows={keys.list.data.items}
            rowKey={({ id }) => id}
            initialSort={{ column: 'created', descending: true }}
            empty={
              <EmptyState title="This project has no keys yet">
                Create a set: a backend needs the secret server key.
              </EmptyState>
            }
          />
        )}
      </Card>
      {isCreating && <CreateKeysDialog projectId={projectId} create={keys.create} onClose={() => setCreating(false)} />}
      {revoking && <RevokeDialog keySet={revoking} revoke={keys.revoke} onClose={() => setRevoking(undefined)} />}
    </Page>
  );
}

type RevokeDialogProps = {
  keySet: ApiKeySet;
  revoke: ReturnType<typeof useApiKeys>['revoke'];
  onClose: () => void;
};

function RevokeDialog({ keySet: { id, description }, revoke, onClose }: RevokeDialogProps) {
  const close = () => {
    revoke.reset();
    onClose();
  };
  return (
    <ConfirmDialog
      title="Revoke keys"
      action="Revoke keys"
      name={description === '' ? id : description}
      work={revoke}
      onConfirm={() => revoke.mutate(id, { onSuccess: close })}
      onClose={close}
    >
      Whoever uses one of these keys is refused from now on. That cannot be undone. People who have signed in to the
      dashboard with them are signed out.
    </ConfirmDialog>
  );
}

function columnsOf(onRevoke: (keySet: ApiKeySet) => void): Column<ApiKeySet>[] {
  return [
    {
      id: 'description',
      header: 'Description',
      sortBy: ({ description }) => description,
      cell: ({ description }) => <strong>{description}</strong>,
    },
    { id: 'keys', header: 'Keys', width: '300px', cell: (keySet) => keysOf(keySet).join(', ') },
    {
      id: 'created',
      header: 'Created',
      width: '130px',
      sortBy: ({ created_at_millis }) => created_at_millis,
      cell: ({ created_at_millis }) => formatDate(created_at_millis),
    },
    {
      id: 'expires',
      header: 'Expires',
      width: '130px',
      sortBy: ({ expires_at_millis }) => expires_at_millis,
      cell: ({ expires_at_millis }) => expiryOf(expires_at_millis),
    },
    { id: 'state', header: 'State', width: '110px', cell: (keySet) => <KeyState keySet={keySet} /> },
    {
      id: 'revoke',
      header: 'Revoke',
      width: '120px',
      cell: (keySet) =>
        keySet.manually_revoked_at_millis === undefined && (
          <Button variant="danger" onClick={() => onRevoke(keySet)}>
            Revoke …
          </Button>
        ),
    },
  ];
}

function keysOf(keySet: ApiKeySet): string[] {
  const hints = [
    ['client', keySet.publishable_client_key],
    ['server', keySet.secret_server_key],
    ['admin', keySet.super_secret_admin_key],
  ] as const;
  return hints.flatMap(([kind, hint]) => (hint === undefined ? [] : `${kind} …${hint.last_four}`));
}

/** Keys of a server's own expire in the year 9999. */
const FAR_FUTURE_MILLIS = Date.UTC(3000, 0);

function expiryOf(millis: number): string {
  return millis > FAR_FUTURE_MILLIS ? 'Never' : formatDate(millis);
}

function KeyState({ keySet }: { keySet: ApiKeySet }) {
  const now = useNow();
  if (keySet.manually_revoked_at_millis !== undefined) return <StatePill state="paused" label="Revoked" />;
  if (keySet.expires_at_millis < now) return <StatePill state="behind" label="Expired" />;
  return <StatePill state="fresh" label="Valid" />;
}
