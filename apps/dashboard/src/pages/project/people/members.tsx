import type { Team, TeamMemberProfile } from '@hexclave/contract';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useState } from 'react';
import { Button, IconButton } from '../../../components/button.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { SearchField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { LoadMore } from '../../../components/load-more.tsx';
import { membersQuery, nameOfUser, useMembershipActions, usersQuery } from '../../../lib/people.ts';
import styles from './people.module.css';

/** Who is in a team; users are found and added, or removed. */
export function MembersCard({ projectId, team }: { projectId: string; team: Team }) {
  const list = useInfiniteQuery(membersQuery(projectId, team.id));
  const { add, remove } = useMembershipActions(projectId);
  const { mutate: take } = remove;
  const members = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const columns = useMemo(
    () =>
      columnsOf(projectId, ({ user }) =>
        take({ teamId: team.id, userId: user.id, what: `${nameOfUser(user)} left ${team.display_name}` }),
      ),
    [projectId, team, take],
  );
  const failed = add.error ?? remove.error;
  return (
    <Card title="Members" flush actions={<LoadMore list={list} />}>
      {list.error && (
        <ErrorNotice error={list.error} title="The members could not be listed" onRetry={() => void list.refetch()} />
      )}
      {failed && <ErrorNotice error={failed} title="The membership was not changed" />}
      {list.isPending ? (
        <Loading label="The members are being loaded" />
      ) : (
        <DataTable
          label="Members"
          columns={columns}
          rows={members}
          rowKey={({ user_id }) => user_id}
          empty={<EmptyState title="Nobody is in this team">Find a user below, and add them.</EmptyState>}
        />
      )}
      <FindUser projectId={projectId} team={team} add={add} />
    </Card>
  );
}

const SHOWN = 5;

type FindProps = { projectId: string; team: Team; add: ReturnType<typeof useMembershipActions>['add'] };

function FindUser({ projectId, team, add }: FindProps) {
  const [query, setQuery] = useState('');
  const searched = useDeferredValue(query.trim());
  const found = useInfiniteQuery({
    ...usersQuery(projectId, { query: searched, withAnonymous: false }),
    enabled: searched !== '',
    placeholderData: keepPreviousData,
  });
  const users = searched === '' ? [] : (found.data?.pages[0]?.items.slice(0, SHOWN) ?? []);
  return (
    <div className={styles.adder}>
      <SearchField label="Find a user to add" value={query} onChange={({ target }) => setQuery(target.value)} />
      <div className={styles.buttons} role="status">
        {users.map((user) => (
          <Button
            key={user.id}
            icon="plus"
            busy={add.isPending}
            onClick={() =>
              add.mutate(
                { teamId: team.id, userId: user.id, what: `${nameOfUser(user)} joined ${team.display_name}` },
                { onSuccess: () => setQuery('') },
              )
            }
          >
            Add {nameOfUser(user)}
          </Button>
        ))}
        {searched !== '' && found.data?.pages[0]?.items.length === 0 && <p>No user matches.</p>}
      </div>
    </div>
  );
}

function columnsOf(projectId: string, onRemove: (member: TeamMemberProfile) => void): Column<TeamMemberProfile>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      cell: ({ user }) => (
        <Link
          to="/projects/$projectId/users/$userId"
          params={{ projectId, userId: user.id }}
          className={styles.name}
          title={nameOfUser(user)}
        >
          {nameOfUser(user)}
        </Link>
      ),
    },
    {
      id: 'email',
      header: 'Primary e-mail address',
      cell: ({ user }) => user.primary_email ?? <span className={styles.quiet}>None</span>,
    },
    {
      id: 'remove',
      header: 'Remove',
      width: '88px',
      align: 'end',
      cell: (member) => (
        <IconButton icon="trash" label={`Remove ${nameOfUser(member.user)}`} onClick={() => onRemove(member)} />
      ),
    },
  ];
}
