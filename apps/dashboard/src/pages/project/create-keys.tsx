import type { ApiKeySetCreate, CreatedApiKeySet } from '@hexclave/contract';
import { useState } from 'react';
import { Button } from '../../components/button.tsx';
import { CodeBlock } from '../../components/copy.tsx';
import { Dialog, DialogActions } from '../../components/dialog.tsx';
import { ErrorNotice, Notice } from '../../components/feedback.tsx';
import { CheckField, Form, SelectField, TextField } from '../../components/field.tsx';
import type { useApiKeys } from '../../lib/api-keys.ts';

type Create = ReturnType<typeof useApiKeys>['create'];

const DAY_MS = 86_400_000;
const LIFETIMES = [
  { days: 90, label: '90 days' },
  { days: 365, label: 'One year' },
  { days: 3_650, label: 'Ten years' },
];
const KINDS = [
  {
    field: 'has_publishable_client_key',
    label: 'Publishable client key',
    hint: 'For browsers and apps; anybody may know it.',
  },
  {
    field: 'has_secret_server_key',
    label: 'Secret server key',
    hint: 'For a backend: reads and writes users and teams.',
  },
  {
    field: 'has_super_secret_admin_key',
    label: 'Super secret admin key',
    hint: 'For the owner: configures databases, creates keys, and signs in to this dashboard.',
  },
] as const;

type DialogProps = { projectId: string; create: Create; onClose: () => void };

/** Asks which keys, then shows them for the only time. */
export function CreateKeysDialog({ projectId, create, onClose }: DialogProps) {
  const close = () => {
    create.reset();
    onClose();
  };
  if (create.data !== undefined) return <NewKeysDialog projectId={projectId} keys={create.data} onClose={close} />;
  return (
    <Dialog title="Create keys" onClose={close}>
      <KeysForm create={create} onClose={close} />
    </Dialog>
  );
}

function KeysForm({ create, onClose }: Omit<DialogProps, 'projectId'>) {
  const [description, setDescription] = useState('');
  const [days, setDays] = useState(365);
  const [kinds, setKinds] = useState(() => new Set<string>(['has_secret_server_key']));
  const toggle = (field: string) => setKinds((chosen) => toggled(chosen, field));
  const submit = () =>
    create.mutate({
      description: description.trim(),
      expires_at_millis: Date.now() + days * DAY_MS,
      ...(Object.fromEntries(KINDS.map(({ field }) => [field, kinds.has(field)])) as KindFlags),
    });
  return (
    <Form onSubmit={submit}>
      <TextField
        label="Description"
        hint="Where they are used, such as “backend in production”."
        value={description}
        onChange={(event) => setDescription(event.target.value)}
      />
      {KINDS.map(({ field, label, hint }) => (
        <CheckField key={field} label={label} hint={hint} checked={kinds.has(field)} onChange={() => toggle(field)} />
      ))}
      <SelectField label="Valid for" value={days} onChange={(event) => setDays(Number(event.target.value))}>
        {LIFETIMES.map((lifetime) => (
          <option key={lifetime.days} value={lifetime.days}>
            {lifetime.label}
          </option>
        ))}
      </SelectField>
      {create.error && <ErrorNotice error={create.error} title="The keys were not created" />}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          type="submit"
          variant="primary"
          disabled={description.trim() === '' || kinds.size === 0}
          busy={create.isPending}
        >
          Create keys
        </Button>
      </DialogActions>
    </Form>
  );
}

type KindFlags = Pick<ApiKeySetCreate, (typeof KINDS)[number]['field']>;

function toggled(set: ReadonlySet<string>, item: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}

function NewKeysDialog({
  projectId,
  keys,
  onClose,
}: {
  projectId: string;
  keys: CreatedApiKeySet;
  onClose: () => void;
}) {
  const shown = [
    ['Project id', projectId],
    ['Publishable client key', keys.publishable_client_key],
    ['Secret server key', keys.secret_server_key],
    ['Super secret admin key', keys.super_secret_admin_key],
  ] as const;
  return (
    <Dialog title="Your new keys" onClose={onClose}>
      <Notice tone="behind" title="Keep them now">
        <p>They are shown this once. Whoever loses them creates new ones.</p>
      </Notice>
      {shown.map(
        ([label, value]) =>
          value !== undefined && (
            <div key={label}>
              <h3>{label}</h3>
              <CodeBlock label={label} code={value} />
            </div>
          ),
      )}
      <DialogActions>
        <Button variant="primary" onClick={onClose}>
          I have kept them
        </Button>
      </DialogActions>
    </Dialog>
  );
}
