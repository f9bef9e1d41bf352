import type { User } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { ConfirmDialog } from '../../../components/dialog.tsx';
import { ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Card, Page, Stack } from '../../../components/layout.tsx';
import { nameOfUser, userQuery, useUserActions } from '../../../lib/people.ts';
import { ArrivalNotice } from './arrival-notice.tsx';
import { ContactChannelsCard } from './contact-channels.tsx';
import styles from './people.module.css';
import { UserProfileCard } from './user-profile.tsx';
import { UserTeamsCard } from './user-teams.tsx';

/** One user: profile, contact channels, teams. */
export function UserPage() {
  const { projectId, userId } = useParams({ from: '/signed-in/projects/$projectId/users/$userId' });
  const user = useQuery(userQuery(projectId, userId));
  return (
    <Page
      title={user.data ? nameOfUser(user.data) : 'User'}
      above={
        <Link to="/projects/$projectId/users" params={{ projectId }}>
          Users
        </Link>
      }
      lead={<span className={styles.id}>{userId}</span>}
    >
      <ArrivalNotice projectId={projectId} />
      {user.error && (
        <ErrorNotice error={user.error} title="The user could not be loaded" onRetry={() => void user.refetch()} />
      )}
      {user.isPending && <Loading label="The user is being loaded" lines={7} />}
      {user.data && (
        <div className={styles.columns}>
          <UserProfileCard key={profileKey(user.data)} projectId={projectId} user={user.data} />
          <Stack>
            <ContactChannelsCard projectId={projectId} userId={userId} />
            <UserTeamsCard projectId={projectId} user={user.data} />
            <DeleteUserCard projectId={projectId} user={user.data} />
          </Stack>
        </div>
      )}
    </Page>
  );
}

/** What was saved meanwhile, here or elsewhere, fills the form anew. */
function profileKey({ id, display_name, profile_image_url, client_metadata, server_metadata, ...user }: User): string {
  const { client_read_only_metadata } = user;
  return JSON.stringify([
    id,
    display_name,
    profile_image_url,
    client_metadata,
    server_metadata,
    client_read_only_metadata,
  ]);
}

function DeleteUserCard({ projectId, user }: { projectId: string; user: User }) {
  const [isAsking, setAsking] = useState(false);
  const { remove } = useUserActions(projectId);
  const navigate = useNavigate();
  const name = nameOfUser(user);
  const leave = () => navigate({ to: '/projects/$projectId/users', params: { projectId } });
  return (
    <Card title="Delete the user" lead="With contact channels and memberships, here and in every copy.">
      <Button variant="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete user …
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Delete the user"
          action="Delete user"
          name={name}
          work={remove}
          onConfirm={() => remove.mutate({ id: user.id, name }, { onSuccess: () => void leave() })}
          onClose={() => setAsking(false)}
        >
          That cannot be undone. Rows of yours that refer to the user by a foreign key may go with it, or keep its row.
        </ConfirmDialog>
      )}
    </Card>
  );
}
