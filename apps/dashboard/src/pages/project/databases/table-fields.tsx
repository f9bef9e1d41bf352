import type { MappingDescription } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { CheckField, TextField } from '../../../components/field.tsx';
import { mappingsQuery, type TableConfig } from '../../../lib/database-config.ts';
import styles from './databases.module.css';

type TableDraft = { enabled: boolean; targetName: string; omitColumns: string };
/** Of those tables of which something is, or was, chosen. */
export type TableDrafts = Record<string, TableDraft>;

const UNTOUCHED: TableDraft = { enabled: true, targetName: '', omitColumns: '' };

export function tableDraftsOf(tables: Record<string, TableConfig>): TableDrafts {
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, draftOf(table)]));
}

function draftOf({ enabled, targetName = '', omitColumns }: TableConfig): TableDraft {
  return { enabled, targetName, omitColumns: omitColumns.join(', ') };
}

/** Only tables of which something was chosen are configured. */
export function tableConfigsOf(drafts: TableDrafts): Record<string, TableConfig> {
  const touched = Object.entries(drafts).filter(
    ([, { enabled, targetName, omitColumns }]) => !enabled || targetName.trim() !== '' || omitColumns.trim() !== '',
  );
  return Object.fromEntries(touched.map(([name, draft]) => [name, configOf(draft)]));
}

function configOf({ enabled, targetName, omitColumns }: TableDraft): TableConfig {
  return {
    enabled,
    omitColumns: omitColumns.split(/[\s,]+/).filter((column) => column !== ''),
    ...(targetName.trim() !== '' && { targetName: targetName.trim() }),
  };
}

type FieldsProps = {
  projectId: string;
  drafts: TableDrafts;
  /** By path below the database. */
  issues: Record<string, string>;
  onChange: (drafts: TableDrafts) => void;
};

/** Which tables are copied, under what name, and without which columns. */
export function TableFields({ projectId, drafts, issues, onChange }: FieldsProps) {
  const mappings = useQuery(mappingsQuery(projectId));
  return (
    <>
      {mappings.error && (
        <ErrorNotice
          error={mappings.error}
          title="The tables could not be loaded"
          onRetry={() => void mappings.refetch()}
        />
      )}
      {mappings.isPending && <Loading label="The tables are being loaded" />}
      {mappings.data &&
        tablesOf(mappings.data, drafts).map(({ name, what }) => (
          <TableField
            key={name}
            name={name}
            what={what}
            draft={drafts[name] ?? UNTOUCHED}
            issues={issues}
            onChange={(draft) => onChange({ ...drafts, [name]: draft })}
          />
        ))}
    </>
  );
}

type Table = { name: string; what: string | undefined };

/** All that there are to copy, and those that are configured although the server no longer knows them. */
function tablesOf(mappings: readonly MappingDescription[], drafts: TableDrafts): Table[] {
  const known = mappings.map(({ name, description }) => ({ name, what: description ?? undefined }));
  const others = Object.keys(drafts).filter((name) => known.every((table) => table.name !== name));
  return [...known, ...others.map((name) => ({ name, what: undefined }))];
}

type FieldProps = Table & {
  draft: TableDraft;
  issues: Record<string, string>;
  onChange: (draft: TableDraft) => void;
};

function TableField({ name, what, draft, issues, onChange }: FieldProps) {
  const change = (part: Partial<TableDraft>) => onChange({ ...draft, ...part });
  return (
    <fieldset className={styles.tableRow}>
      <legend className="visually-hidden">{name}</legend>
      <CheckField
        label={name}
        hint={what}
        checked={draft.enabled}
        onChange={({ target }) => change({ enabled: target.checked })}
      />
      {draft.enabled && (
        <div className={styles.fields}>
          <TextField
            label="Name in your schema"
            mono
            placeholder={name}
            value={draft.targetName}
            problem={issues[`tables.${name}.targetName`] ?? issues[`tables.${name}`]}
            onChange={({ target }) => change({ targetName: target.value })}
          />
          <TextField
            label="Columns left out"
            mono
            placeholder="none"
            value={draft.omitColumns}
            problem={issues[`tables.${name}.omitColumns`]}
            onChange={({ target }) => change({ omitColumns: target.value })}
          />
        </div>
      )}
    </fieldset>
  );
}
