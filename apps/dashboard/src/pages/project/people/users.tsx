import type { User } from '@hexclave/contract';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { CheckField, SearchField } from '../../../components/field.tsx';
import { Page } from '../../../components/layout.tsx';
import { LoadMore } from '../../../components/load-more.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { usersQuery } from '../../../lib/people.ts';
import { ArrivalNotice } from './arrival-notice.tsx';
import { CreateUserDialog } from './create-user.tsx';
import styles from './people.module.css';

/** The users of a project, and the way to each. */
export function UsersPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId/users' });
  const [query, setQuery] = useState('');
  const [withAnonymous, setWithAnonymous] = useState(false);
  const [isCreating, setCreating] = useState(false);
  const filter = { query: useDeferredValue(query.trim()), withAnonymous };
  const list = useInfiniteQuery({ ...usersQuery(projectId, filter), placeholderData: keepPreviousData });
  const users = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const columns = useMemo(() => columnsOf(projectId), [projectId]);
  return (
    <Page
      title="Users"
      lead="The newest first. Whatever is changed here arrives in each external database by itself."
      filled
      actions={
        <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
          Create user
        </Button>
      }
    >
      <ArrivalNotice projectId={projectId} />
      <div className={styles.bar}>
        <SearchField
          label="Find by name, e-mail address or id"
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
        <CheckField
          label="Anonymous ones too"
          checked={withAnonymous}
          onChange={({ target }) => setWithAnonymous(target.checked)}
        />
        <LoadMore list={list} />
      </div>
      {list.error && (
        <ErrorNotice error={list.error} title="The users could not be listed" onRetry={() => void list.refetch()} />
      )}
      {list.isPending ? (
        <Loading label="The users are being loaded" lines={9} />
      ) : (
        <DataTable
          label="Users"
          place="filled"
          columns={columns}
          rows={users}
          rowKey={({ id }) => id}
          empty={<NoUsers isSearched={filter.query !== ''} onCreate={() => setCreating(true)} />}
        />
      )}
      {isCreating && <CreateUserDialog projectId={projectId} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function NoUsers({ isSearched, onCreate }: { isSearched: boolean; onCreate: () => void }) {
  if (isSearched) return <EmptyState title="No user matches">Look for another part of the name or address.</EmptyState>;
  return (
    <EmptyState
      title="There are no users yet"
      actions={
        <Button variant="primary" icon="plus" onClick={onCreate}>
          Create user
        </Button>
      }
    >
      Your application creates them over the API. Create one here to watch its row arrive in your database.
    </EmptyState>
  );
}

function columnsOf(projectId: string): Column<User>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      cell: ({ id, display_name: name, is_anonymous: isAnonymous }) => (
        <Link
          to="/projects/$projectId/users/$userId"
          params={{ projectId, userId: id }}
          className={name === null ? styles.nameless : styles.name}
          title={name ?? id}
        >
          {name ?? (isAnonymous ? 'Anonymous' : 'No name')}
        </Link>
      ),
    },
    {
      id: 'email',
      header: 'Primary e-mail address',
      cell: ({ primary_email: email, primary_email_verified: isVerified }) =>
        email === null ? (
          <span className={styles.quiet}>None</span>
        ) : (
          <span title={email}>
            {email}
            {!isVerified && <span className={styles.quiet}> · not verified</span>}
          </span>
        ),
    },
    { id: 'id', header: 'Id', width: '290px', cell: ({ id }) => <span className={styles.id}>{id}</span> },
    {
      id: 'signed-up',
      header: 'Signed up',
      width: '130px',
      cell: ({ signed_up_at_millis: millis }) => <TimeAgo millis={millis} />,
    },
  ];
}
