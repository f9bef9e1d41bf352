import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { Logo } from '../app/logo.tsx';
import { Button } from '../components/button.tsx';
import { ErrorNotice } from '../components/feedback.tsx';
import { Form, TextField } from '../components/field.tsx';
import { type Credentials, sessionQuery, signIn } from '../lib/session.ts';
import styles from './sign-in.module.css';

export function SignInPage() {
  const enter = useSignIn();
  const isByLink = useLinkToken(enter.mutate);
  useEffect(() => {
    document.title = 'Sign in · Hexclave';
  }, []);
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <div className={styles.brand}>
          <Logo size={30} />
          <h1>Sign in to Hexclave</h1>
        </div>
        {isByLink && enter.isPending ? (
          <p role="status">Signing in by the link …</p>
        ) : (
          <KeyForm isPending={enter.isPending} error={enter.error} onSubmit={enter.mutate} />
        )}
        <p className={styles.help}>
          With the key of the project <code>internal</code> you are the operator, and see all projects. A server that
          was started with <code>npm start</code> has printed its keys and a link that signs in once.
        </p>
      </div>
    </main>
  );
}

function useSignIn() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const { to } = useSearch({ from: '/sign-in' });
  return useMutation({
    mutationFn: signIn,
    onSuccess: async (session) => {
      queryClient.clear();
      queryClient.setQueryData(sessionQuery.queryKey, session);
      await navigate({ to: to ?? '/', replace: true });
    },
  });
}

/** Takes the token of a sign-in link out of the address, so that it does not stay in the history, and uses it. */
function useLinkToken(enter: (credentials: Credentials) => void): boolean {
  const [token] = useState(() => window.location.hash.slice(1));
  useEffect(() => {
    if (token === '' || window.location.hash === '') return;
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search);
    enter({ token });
  }, [token, enter]);
  return token !== '';
}

type KeyFormProps = { isPending: boolean; error: Error | null; onSubmit: (credentials: Credentials) => void };

function KeyForm({ isPending, error, onSubmit }: KeyFormProps) {
  const [projectId, setProjectId] = useState('internal');
  const [key, setKey] = useState('');
  const submit = () => onSubmit({ project_id: projectId.trim(), super_secret_admin_key: key.trim() });
  return (
    <Form onSubmit={submit}>
      <TextField
        label="Project id"
        name="username"
        autoComplete="username"
        mono
        required
        value={projectId}
        onChange={(event) => setProjectId(event.target.value)}
      />
      <TextField
        label="Super secret admin key"
        name="password"
        type="password"
        autoComplete="current-password"
        mono
        required
        placeholder="sak_…"
        value={key}
        onChange={(event) => setKey(event.target.value)}
      />
      {error && <ErrorNotice error={error} title="You could not be signed in" />}
      <Button type="submit" variant="primary" busy={isPending} disabled={projectId.trim() === '' || key.trim() === ''}>
        Sign in
      </Button>
    </Form>
  );
}
