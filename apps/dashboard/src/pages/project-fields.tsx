import { ErrorNotice } from '../components/feedback.tsx';
import { TextArea, TextField } from '../components/field.tsx';
import { fieldIssues } from '../lib/errors.ts';

export type ProjectDraft = { name: string; description: string };

type FieldsProps = {
  draft: ProjectDraft;
  onChange: (draft: ProjectDraft) => void;
  /** Why the server has refused it. */
  error: Error | null;
  /** Said of a refusal that is about neither field. */
  refused: string;
};

/** What a project is called, wherever that is entered. */
export function ProjectFields({ draft, onChange, error, refused }: FieldsProps) {
  const issues = fieldIssues(error);
  return (
    <>
      <TextField
        label="Name"
        hint="As its people know it; it can be changed."
        value={draft.name}
        problem={issues.display_name}
        onChange={({ target }) => onChange({ ...draft, name: target.value })}
      />
      <TextArea
        label="Description (optional)"
        value={draft.description}
        problem={issues.description}
        onChange={({ target }) => onChange({ ...draft, description: target.value })}
      />
      {error && Object.keys(issues).length === 0 && <ErrorNotice error={error} title={refused} />}
    </>
  );
}

/** As the API takes it. */
export function projectInputOf({ name, description }: ProjectDraft) {
  return { display_name: name.trim(), description };
}
