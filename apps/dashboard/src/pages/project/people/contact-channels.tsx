import type { ContactChannel } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Button, IconButton } from '../../../components/button.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Form, TextField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { fieldIssues } from '../../../lib/errors.ts';
import { channelsQuery, useChannelActions } from '../../../lib/people.ts';
import styles from './people.module.css';

type Actions = ReturnType<typeof useChannelActions>;

/** The e-mail addresses of a user. */
export function ContactChannelsCard({ projectId, userId }: { projectId: string; userId: string }) {
  const channels = useQuery(channelsQuery(projectId, userId));
  const actions = useChannelActions(projectId, userId);
  const { mutate: update } = actions.update;
  const { mutate: remove } = actions.remove;
  const columns = useMemo(() => columnsOf(update, remove), [update, remove]);
  const failed = actions.update.error ?? actions.remove.error;
  return (
    <Card title="Contact channels" lead="E-mail addresses. The primary one is in the users table too." flush>
      {channels.error && (
        <ErrorNotice
          error={channels.error}
          title="The contact channels could not be listed"
          onRetry={() => void channels.refetch()}
        />
      )}
      {failed && <ErrorNotice error={failed} title="The contact channel was not changed" />}
      {channels.data === undefined ? (
        !channels.error && <Loading label="The contact channels are being loaded" />
      ) : (
        <DataTable
          label="Contact channels"
          columns={columns}
          rows={channels.data}
          rowKey={({ id }) => id}
          rowHeight={58}
          empty={<EmptyState title="No contact channel">Add an e-mail address.</EmptyState>}
        />
      )}
      <AddChannel create={actions.create} />
    </Card>
  );
}

function AddChannel({ create }: Pick<Actions, 'create'>) {
  const [value, setValue] = useState('');
  const issues = fieldIssues(create.error);
  const submit = () => create.mutate(value.trim(), { onSuccess: () => setValue('') });
  return (
    <Form onSubmit={submit}>
      <div className={styles.adder}>
        <TextField
          label="New e-mail address"
          type="email"
          value={value}
          problem={
            issues.value ?? (create.error && Object.keys(issues).length === 0 ? create.error.message : undefined)
          }
          onChange={({ target }) => setValue(target.value)}
        />
        <Button type="submit" icon="plus" disabled={value.trim() === ''} busy={create.isPending}>
          Add
        </Button>
      </div>
    </Form>
  );
}

function columnsOf(update: Actions['update']['mutate'], remove: Actions['remove']['mutate']): Column<ContactChannel>[] {
  return [
    {
      id: 'value',
      header: 'Address',
      cell: ({ value, is_primary: isPrimary, is_verified: isVerified, used_for_auth: isUsed }) => (
        <>
          <div className={styles.cut} title={value}>
            {value}
          </div>
          <div className={styles.tags}>
            {isPrimary && <span className={styles.tag}>Primary</span>}
            <span className={styles.tag}>{isVerified ? 'Verified' : 'Not verified'}</span>
            {isUsed && <span className={styles.tag}>Signs in</span>}
          </div>
        </>
      ),
    },
    {
      id: 'actions',
      header: 'Actions',
      width: '184px',
      cell: ({ id, value, is_primary: isPrimary, is_verified: isVerified }) => (
        <div className={styles.buttons}>
          {!isPrimary && <Button onClick={() => update({ id, changes: { is_primary: true } })}>Make primary</Button>}
          {isPrimary && !isVerified && (
            <Button onClick={() => update({ id, changes: { is_verified: true } })}>Set verified</Button>
          )}
          <IconButton icon="trash" label={`Delete ${value}`} onClick={() => remove({ id, value })} />
        </div>
      ),
    },
  ];
}
