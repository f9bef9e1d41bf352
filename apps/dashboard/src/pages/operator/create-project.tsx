import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog, DialogActions } from '../../components/dialog.tsx';
import { Form } from '../../components/field.tsx';
import { clientFor } from '../../lib/clients.ts';
import { ProjectFields, projectInputOf } from '../project-fields.tsx';

/** Names a new project, then leads to its keys: without them nothing can be done with it. */
export function CreateProjectDialog({ onClose }: { onClose: () => void }) {
  const [draft, setDraft] = useState({ name: '', description: '' });
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => clientFor('internal').projects.create(projectInputOf(draft)),
    onSuccess: ({ id }) => navigate({ to: '/projects/$projectId/keys', params: { projectId: id } }),
  });
  return (
    <Dialog title="Create project" onClose={onClose}>
      <Form onSubmit={() => create.mutate()}>
        <ProjectFields draft={draft} onChange={setDraft} error={create.error} refused="The project was not created" />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={draft.name.trim() === ''} busy={create.isPending}>
            Create project
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
