import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Dialog, DialogActions } from '../../../components/dialog.tsx';
import { ErrorNotice } from '../../../components/feedback.tsx';
import { CheckField, Form, TextField } from '../../../components/field.tsx';
import { fieldIssues } from '../../../lib/errors.ts';
import { useUserActions } from '../../../lib/people.ts';

export function CreateUserDialog({ projectId, onClose }: { projectId: string; onClose: () => void }) {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [isVerified, setVerified] = useState(false);
  const { create } = useUserActions(projectId);
  const issues = fieldIssues(create.error);
  const hasEmail = email.trim() !== '';
  const submit = () =>
    create.mutate(
      {
        ...(name.trim() !== '' && { display_name: name.trim() }),
        ...(hasEmail && { primary_email: email.trim(), primary_email_verified: isVerified }),
      },
      { onSuccess: onClose },
    );
  return (
    <Dialog title="Create user" onClose={onClose}>
      <Form onSubmit={submit}>
        <TextField
          label="Name"
          value={name}
          problem={issues.display_name}
          onChange={({ target }) => setName(target.value)}
        />
        <TextField
          label="Primary e-mail address"
          type="email"
          value={email}
          problem={issues.primary_email}
          onChange={({ target }) => setEmail(target.value)}
        />
        <CheckField
          label="The address is verified"
          disabled={!hasEmail}
          checked={isVerified && hasEmail}
          onChange={({ target }) => setVerified(target.checked)}
        />
        {create.error && Object.keys(issues).length === 0 && (
          <ErrorNotice error={create.error} title="The user was not created" />
        )}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={create.isPending}>
            Create user
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  );
}
