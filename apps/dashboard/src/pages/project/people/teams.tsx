import type { Team } from '@hexclave/contract';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { type Column, DataTable } from '../../../components/data-table.tsx';
import { Dialog, DialogActions } from '../../../components/dialog.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Form, SearchField, TextField } from '../../../components/field.tsx';
import { Page } from '../../../components/layout.tsx';
import { LoadMore } from '../../../components/load-more.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { fieldIssues } from '../../../lib/errors.ts';
import { teamsQuery, useTeamActions } from '../../../lib/people.ts';
import { ArrivalNotice } from './arrival-notice.tsx';
import styles from './people.module.css';
import { teamNameColumn } from './team-columns.tsx';

/** The teams of a project. */
export function TeamsPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId/teams' });
  const [query, setQuery] = useState('');
  const [isCreating, setCreating] = useState(false);
  const searched = useDeferredValue(query.trim());
  const list = useInfiniteQuery({ ...teamsQuery(projectId, { query: searched }), placeholderData: keepPreviousData });
  const teams = useMemo(() => list.data?.pages.flatMap(({ items }) => items) ?? [], [list.data]);
  const columns = useMemo(() => columnsOf(projectId), [projectId]);
  const createButton = (
    <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
      Create team
    </Button>
  );
  return (
    <Page
      title="Teams"
      lead="Users belong to any number of them. Teams and memberships are tables of the copy too."
      filled
      actions={createButton}
    >
      <ArrivalNotice projectId={projectId} />
      <div className={styles.bar}>
        <SearchField label="Find by name or id" value={query} onChange={({ target }) => setQuery(target.value)} />
        <LoadMore list={list} />
      </div>
      {list.error && (
        <ErrorNotice error={list.error} title="The teams could not be listed" onRetry={() => void list.refetch()} />
      )}
      {list.isPending ? (
        <Loading label="The teams are being loaded" lines={9} />
      ) : (
        <DataTable
          label="Teams"
          place="filled"
          columns={columns}
          rows={teams}
          rowKey={({ id }) => id}
          empty={
            searched === '' ? (
              <EmptyState title="There are no teams yet" actions={createButton}>
                Your application creates them over the API, or you do here.
              </EmptyState>
            ) : (
              <EmptyState title="No team matches">Look for another part of the name.</EmptyState>
            )
          }
        />
      )}
      {isCreating && <CreateTeamDialog projectId={projectId} onClose={() => setCreating(false)} />}
    </Page>
  );
}

function CreateTeamDialog({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const { create } = useTeamActions(projectId);
  const issues = fieldIssues(create.error);
  return (
    <Dialog title="Create team" onClose={onClose}>
      <Form onSubmit={() => create.mutate(name.trim(), { onSuccess: onClose })}>
        <TextField
          label="Name"
          value={name}
          problem={issues.display_name}
          onChange={({ target }) => setName(target.value)}
        />
        {create.error && Object.keys(issues).length === 0 && (
          <ErrorNotice error={create.error} title="The team was not created" />
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={name.trim() === ''} busy={create.isPending}>
            Create team
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}

function columnsOf(projectId: string): Column<Team>[] {
  return [
    teamNameColumn(projectId),
    { id: 'id', header: 'Id', width: '290px', cell: ({ id }) => <span className={styles.id}>{id}</span> },
    {
      id: 'created',
      header: 'Created',
      width: '130px',
      cell: ({ created_at_millis: millis }) => <TimeAgo millis={millis} />,
    },
  ];
}
