import type { Team } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { ConfirmDialog } from '../../../components/dialog.tsx';
import { ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Form, TextField } from '../../../components/field.tsx';
import { Card, Facts, Page, Stack } from '../../../components/layout.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { fieldIssues } from '../../../lib/errors.ts';
import { teamQuery, useTeamActions } from '../../../lib/people.ts';
import { ArrivalNotice } from './arrival-notice.tsx';
import { MembersCard } from './members.tsx';
import styles from './people.module.css';

/** One team and its members. */
export function TeamPage() {
  const { projectId, teamId } = useParams({ from: '/signed-in/projects/$projectId/teams/$teamId' });
  const team = useQuery(teamQuery(projectId, teamId));
  return (
    <Page
      title={team.data?.display_name ?? 'Team'}
      above={
        <Link to="/projects/$projectId/teams" params={{ projectId }}>
          Teams
        </Link>
      }
      lead={<span className={styles.id}>{teamId}</span>}
    >
      <ArrivalNotice projectId={projectId} />
      {team.error && (
        <ErrorNotice error={team.error} title="The team could not be loaded" onRetry={() => void team.refetch()} />
      )}
      {team.isPending && <Loading label="The team is being loaded" lines={7} />}
      {team.data && (
        <div className={styles.columns}>
          <MembersCard projectId={projectId} team={team.data} />
          <Stack>
            <TeamProfileCard key={team.data.display_name} projectId={projectId} team={team.data} />
            <DeleteTeamCard projectId={projectId} team={team.data} />
          </Stack>
        </div>
      )}
    </Page>
  );
}

type TeamProps = { projectId: string; team: Team };

function TeamProfileCard({ projectId, team }: TeamProps) {
  const [name, setName] = useState(team.display_name);
  const { update } = useTeamActions(projectId);
  const issues = fieldIssues(update.error);
  const isChanged = name.trim() !== team.display_name && name.trim() !== '';
  return (
    <Card title="Team">
      <Form onSubmit={() => update.mutate({ id: team.id, changes: { display_name: name.trim() } })}>
        <Facts facts={[['Created', <TimeAgo key="created" millis={team.created_at_millis} />]]} />
        <TextField
          label="Name"
          value={name}
          problem={issues.display_name}
          onChange={({ target }) => setName(target.value)}
        />
        {update.error && Object.keys(issues).length === 0 && (
          <ErrorNotice error={update.error} title="It was not saved" />
        )}
        <div>
          <Button type="submit" variant="primary" disabled={!isChanged} busy={update.isPending}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

function DeleteTeamCard({ projectId, team: { id, display_name: name } }: TeamProps) {
  const [isAsking, setAsking] = useState(false);
  const { remove } = useTeamActions(projectId);
  const navigate = useNavigate();
  const leave = () => navigate({ to: '/projects/$projectId/teams', params: { projectId } });
  return (
    <Card title="Delete the team" lead="With its memberships; the users stay.">
      <Button variant="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete team …
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Delete the team"
          action="Delete team"
          name={name}
          work={remove}
          onConfirm={() => remove.mutate({ id, name }, { onSuccess: () => void leave() })}
          onClose={() => setAsking(false)}
        >
          That cannot be undone. The team and its memberships disappear from every copy too.
        </ConfirmDialog>
      )}
    </Card>
  );
}
