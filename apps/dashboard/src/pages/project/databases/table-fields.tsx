import { CheckField, TextField } from '../../../components/field.tsx';
import type { TableConfig } from '../../../lib/database-config.ts';
import { TABLES } from '../../../lib/tables.ts';
import styles from './databases.module.css';

type TableDraft = { enabled: boolean; targetName: string; omitColumns: string };
export type TableDrafts = Record<string, TableDraft>;

const UNTOUCHED: TableDraft = { enabled: true, targetName: '', omitColumns: '' };

/** Of all tables, those included that are configured and that these pages do not know. */
export function tableDraftsOf(tables: Record<string, TableConfig>): TableDrafts {
  const names = new Set([...TABLES.map(({ name }) => name), ...Object.keys(tables)]);
  return Object.fromEntries([...names].map((name) => [name, draftOf(tables[name])]));
}

function draftOf(table: TableConfig | undefined): TableDraft {
  if (table === undefined) return UNTOUCHED;
  return { enabled: table.enabled, targetName: table.targetName ?? '', omitColumns: table.omitColumns.join(', ') };
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
  drafts: TableDrafts;
  /** By path below the database. */
  issues: Record<string, string>;
  onChange: (drafts: TableDrafts) => void;
};

/** Which tables are copied, under what name, and without which columns. */
export function TableFields({ drafts, issues, onChange }: FieldsProps) {
  return Object.entries(drafts).map(([name, draft]) => {
    const change = (part: Partial<TableDraft>) => onChange({ ...drafts, [name]: { ...draft, ...part } });
    return (
      <fieldset key={name} className={styles.tableRow}>
        <legend className="visually-hidden">{name}</legend>
        <CheckField
          label={name}
          hint={TABLES.find((table) => table.name === name)?.what}
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
  });
}
