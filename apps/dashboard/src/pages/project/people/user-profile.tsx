import type { User } from '@hexclave/contract';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { ErrorNotice } from '../../../components/feedback.tsx';
import { Form, TextField } from '../../../components/field.tsx';
import { Card, Facts } from '../../../components/layout.tsx';
import { TimeAgo } from '../../../components/time-ago.tsx';
import { fieldIssues } from '../../../lib/errors.ts';
import { useUserActions } from '../../../lib/people.ts';
import { MetadataField, parseMetadata, showMetadata } from './metadata.tsx';

export function UserProfileCard({ projectId, user }: { projectId: string; user: User }) {
  const [draft, setDraft] = useState(() => draftOf(user));
  const { update } = useUserActions(projectId);
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));
  const issues = fieldIssues(update.error);
  const metadata = METADATA.map(({ field }) => parseMetadata(draft[field]));
  const isValid = metadata.every(({ ok }) => ok);
  const isChanged = JSON.stringify(draft) !== JSON.stringify(draftOf(user));
  return (
    <Card title="Profile">
      <Form onSubmit={() => isValid && update.mutate({ id: user.id, changes: changesOf(draft) })}>
        <Facts
          facts={[
            ['Signed up', <TimeAgo key="up" millis={user.signed_up_at_millis} />],
            ['Last active', <TimeAgo key="active" millis={user.last_active_at_millis} />],
            ['Signs in', user.is_anonymous ? 'Anonymously' : user.has_password ? 'By password' : 'Not by password'],
          ]}
        />
        <TextField
          label="Name"
          value={draft.name}
          problem={issues.display_name}
          onChange={({ target }) => change({ name: target.value })}
        />
        <TextField
          label="Profile image"
          hint="An address with http or https. It is not loaded here."
          value={draft.image}
          problem={issues.profile_image_url}
          onChange={({ target }) => change({ image: target.value })}
        />
        {METADATA.map(({ field, label, hint }) => (
          <MetadataField
            key={field}
            label={label}
            hint={hint}
            text={draft[field]}
            problem={issues[field]}
            onChange={(text) => change({ [field]: text })}
          />
        ))}
        {update.error && Object.keys(issues).length === 0 && (
          <ErrorNotice error={update.error} title="It was not saved" />
        )}
        <div>
          <Button type="submit" variant="primary" disabled={!isChanged || !isValid} busy={update.isPending}>
            Save
          </Button>
        </div>
      </Form>
    </Card>
  );
}

const METADATA = [
  { field: 'client_metadata', label: 'Client metadata', hint: 'JSON that the user may read and change.' },
  { field: 'client_read_only_metadata', label: 'Client read-only metadata', hint: 'JSON that the user may read.' },
  { field: 'server_metadata', label: 'Server metadata', hint: 'JSON that only servers see.' },
] as const;

type Draft = { name: string; image: string } & Record<(typeof METADATA)[number]['field'], string>;

function draftOf(user: User): Draft {
  return {
    name: user.display_name ?? '',
    image: user.profile_image_url ?? '',
    client_metadata: showMetadata(user.client_metadata),
    client_read_only_metadata: showMetadata(user.client_read_only_metadata),
    server_metadata: showMetadata(user.server_metadata),
  };
}

function changesOf(draft: Draft) {
  const value = (text: string) => {
    const parsed = parseMetadata(text);
    return parsed.ok ? parsed.value : undefined;
  };
  return {
    display_name: draft.name.trim() === '' ? null : draft.name.trim(),
    profile_image_url: draft.image.trim() === '' ? null : draft.image.trim(),
    client_metadata: value(draft.client_metadata),
    client_read_only_metadata: value(draft.client_read_only_metadata),
    server_metadata: value(draft.server_metadata),
  };
}
