import { TextArea } from '../../../components/field.tsx';

type FieldProps = {
  label: string;
  hint: string;
  text: string;
  problem: string | undefined;
  onChange: (text: string) => void;
};

/** JSON of any shape; empty stands for none. */
export function MetadataField({ label, hint, text, problem, onChange }: FieldProps) {
  const parsed = parseMetadata(text);
  return (
    <TextArea
      label={label}
      hint={hint}
      spellCheck={false}
      rows={3}
      value={text}
      problem={parsed.ok ? problem : 'This is not JSON.'}
      onChange={({ target }) => onChange(target.value)}
    />
  );
}

export type ParsedMetadata = { ok: true; value: unknown } | { ok: false };

export function parseMetadata(text: string): ParsedMetadata {
  if (text.trim() === '') return { ok: true, value: null };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false };
  }
}

export function showMetadata(value: unknown): string {
  return value === null || value === undefined ? '' : JSON.stringify(value, null, 2);
}
