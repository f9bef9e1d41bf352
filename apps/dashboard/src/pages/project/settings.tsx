import type { Project } from '@hexclave/contract';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { ErrorNotice, Loading, Notice } from '../../components/feedback.tsx';
import { Form } from '../../components/field.tsx';
import { Card, Facts, Page, Stack } from '../../components/layout.tsx';
import { clientFor } from '../../lib/clients.ts';
import { formatDate } from '../../lib/format.ts';
import { projectQuery, useProject } from '../../lib/project.ts';
import { leave, useSession } from '../../lib/session.ts';
import { ProjectFields, projectInputOf } from '../project-fields.tsx';

const INTERNAL_PROJECT = 'internal';

/** Name and end of a project. */
export function SettingsPage() {
  const { projectId } = useParams({ from: '/signed-in/projects/$projectId/settings' });
  const project = useProject(projectId);
  return (
    <Page title="Settings" lead="What the project is called, and how it is deleted.">
      {project.error && (
        <ErrorNotice
          error={project.error}
          title="The project could not be loaded"
          onRetry={() => void project.refetch()}
        />
      )}
      {project.data === undefined ? (
        <Loading label="The project is being loaded" />
      ) : (
        <Stack>
          <NameCard key={project.data.id} project={project.data} />
          <DeleteCard project={project.data} />
        </Stack>
      )}
    </Page>
  );
}

function NameCard({ project }: { project: Project }) {
  const [draft, setDraft] = useState({ name: project.display_name, description: project.description });
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: () => clientFor(project.id).project.update(projectInputOf(draft)),
    onSuccess: (saved) => queryClient.setQueryData(projectQuery(project.id).queryKey, saved),
  });
  const input = projectInputOf(draft);
  const isChanged = input.display_name !== project.display_name || input.description !== project.description;
  return (
    <Card title="Project">
      <Form onSubmit={() => save.mutate()}>
        <Facts
          facts={[
            ['Id', <code key="id">{project.id}</code>],
            ['Created', formatDate(project.created_at_millis)],
          ]}
        />
        <ProjectFields draft={draft} onChange={setDraft} error={save.error} refused="It was not saved" />
        <div>
          <Button
            type="submit"
            variant="primary"
            disabled={!isChanged || input.display_name === ''}
            busy={save.isPending}
          >
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

function DeleteCard({ project }: { project: Project }) {
  const [isAsking, setAsking] = useState(false);
  const remove = useDeleteProject(project.id);
  if (project.id === INTERNAL_PROJECT) {
    return (
      <Notice tone="info">
        <p>This project administers the server, and cannot be deleted.</p>
      </Notice>
    );
  }
  return (
    <Card title="Delete the project" lead="With its users, teams, keys and configuration.">
      <Button variant="danger" icon="trash" onClick={() => setAsking(true)}>
        Delete project …
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Delete the project"
          action="Delete project"
          name={project.display_name}
          work={remove}
          onConfirm={() => remove.mutate()}
          onClose={() => setAsking(false)}
        >
          All users, teams, keys and the configuration of {project.display_name} are deleted for good. What was copied
          into external databases stays there, and is not changed any more.
        </ConfirmDialog>
      )}
    </Card>
  );
}

function useDeleteProject(projectId: string) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const session = useSession();
  return useMutation({
    mutationFn: () =>
      session.is_operator
        ? clientFor(INTERNAL_PROJECT).projects.delete(projectId)
        : clientFor(projectId).project.delete(),
    onSuccess: async () => {
      // With the project went its keys, and with those the session of its own admin.
      if (!session.is_operator) return leave();
      await navigate({ to: '/projects' });
      queryClient.removeQueries({ queryKey: ['project', projectId] });
    },
  });
}
