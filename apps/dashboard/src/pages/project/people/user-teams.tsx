import type { Team, User } from '@hexclave/contract';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { Button, IconButton } from '../../../components/button.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Form, SelectField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { LoadMore } from '../../../components/load-more.tsx';
import { nameOfUser, teamsQuery, useMembershipActions } from '../../../lib/people.ts';
import styles from './people.module.css';
import { teamNameColumn } from './team-columns.tsx';

/** The teams that a user is in. */
export function UserTeamsCard({ projectId, user }: { projectId: string; user: User }) {
  const own = useInfiniteQuery(teamsQuery(projectId, { userId: user.id }));
  const actions = useMembershipActions(projectId);
  const { mutate: remove } = actions.remove;
  const teams = useMemo(() => own.data?.pages.flatMap(({ items }) => items) ?? [], [own.data]);
  const columns = useMemo(
    () =>
      columnsOf(projectId, ({ id, display_name: name }) =>
        remove({ teamId: id, userId: user.id, what: `${nameOfUser(user)} left ${name}` }),
      ),
    [projectId, user, remove],
  );
  const failed = actions.remove.error ?? actions.add.error;
  return (
    <Card title="Teams" flush actions={<LoadMore list={own} />}>
      {own.error && (
        <ErrorNotice error={own.error} title="The teams could not be listed" onRetry={() => void own.refetch()} />
      )}
      {failed && <ErrorNotice error={failed} title="The membership was not changed" />}
      {own.isPending ? (
        <Loading label="The teams are being loaded" />
      ) : (
        <DataTable
          label="Teams of the user"
          columns={columns}
          rows={teams}
          rowKey={({ id }) => id}
          empty={<EmptyState title="In no team">Add the user to one.</EmptyState>}
        />
      )}
      <JoinTeam projectId={projectId} user={user} teams={teams} add={actions.add} />
    </Card>
  );
}

type JoinProps = {
  projectId: string;
  user: User;
  teams: readonly Team[];
  add: ReturnType<typeof useMembershipActions>['add'];
};

function JoinTeam({ projectId, user, teams, add }: JoinProps) {
  const [teamId, setTeamId] = useState('');
  const all = useInfiniteQuery(teamsQuery(projectId, {}));
  const known = new Set(teams.map(({ id }) => id));
  const others = (all.data?.pages.flatMap(({ items }) => items) ?? []).filter(({ id }) => !known.has(id));
  const chosen = others.find(({ id }) => id === teamId);
  const submit = () => {
    if (chosen === undefined) return;
    const what = `${nameOfUser(user)} joined ${chosen.display_name}`;
    add.mutate({ teamId: chosen.id, userId: user.id, what }, { onSuccess: () => setTeamId('') });
  };
  return (
    <Form onSubmit={submit}>
      <div className={styles.adder}>
        <SelectField label="Team to join" value={chosen?.id ?? ''} onChange={({ target }) => setTeamId(target.value)}>
          <option value="">{others.length === 0 ? 'There is no other team' : 'Choose a team'}</option>
          {others.map(({ id, display_name: name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
        <Button type="submit" icon="plus" disabled={chosen === undefined} busy={add.isPending}>
          Add
        </Button>
      </div>
    </Form>
  );
}

function columnsOf(projectId: string, onRemove: (team: Team) => void): Column<Team>[] {
  return [
    teamNameColumn(projectId),
    {
      id: 'remove',
      header: 'Remove',
      width: '88px',
      align: 'end',
      cell: (team) => (
        <IconButton icon="trash" label={`Remove from ${team.display_name}`} onClick={() => onRemove(team)} />
      ),
    },
  ];
}
