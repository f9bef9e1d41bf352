import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { Dialog, DialogActions } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/feedback.tsx';
import { Form, TextArea, TextField } from '../../components/field.tsx';
import { clientFor } from '../../lib/clients.ts';
import { fieldIssues } from '../../lib/errors.ts';

/** Names a new project, then leads to its keys: without them nothing can be done with it. */
export function CreateProjectDialog({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const create = useMutation({
    mutationFn: () => clientFor('internal').projects.create({ display_name: name.trim(), description }),
    onSuccess: async ({ id }) => {
      void queryClient.invalidateQueries({ queryKey: ['all-projects'] });
      await navigate({ to: '/projects/$projectId/keys', params: { projectId: id } });
    },
  });
  const issues = fieldIssues(create.error);
  const isKnown = Object.keys(issues).length > 0;
  return (
    <Dialog title="Create project" onClose={onClose}>
      <Form onSubmit={() => create.mutate()}>
        <TextField
          label="Name"
          hint="As its people know it; it can be changed."
          value={name}
          problem={issues.display_name}
          onChange={(event) => setName(event.target.value)}
        />
        <TextArea
          label="Description (optional)"
          value={description}
          problem={issues.description}
          onChange={(event) => setDescription(event.target.value)}
        />
        {create.error && !isKnown && <ErrorNotice error={create.error} title="The project was not created" />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" disabled={name.trim() === ''} busy={create.isPending}>
            Create project
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
