import type { ConnectionTestRequest } from '@hexclave/contract';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Button } from '../../../components/button.tsx';
import { Disclosure } from '../../../components/disclosure.tsx';
import { ErrorNotice } from '../../../components/feedback.tsx';
import { Form, SelectField, TextField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { type ConnectionDraft, isComplete, NEW_CONNECTION, toConnectionString } from '../../../lib/connection-draft.ts';
import { useConnectionTest } from '../../../lib/connection-test.ts';
import {
  configIssues,
  type DatabaseConfig,
  type DatabaseInput,
  useSaveDatabase,
} from '../../../lib/database-config.ts';
import { ConnectionFields, KeptConnection } from './connection-fields.tsx';
import { TestResult } from './connection-test.tsx';
import styles from './databases.module.css';
import { RoleSqlCard } from './role-sql.tsx';
import { type TableDrafts, TableFields, tableConfigsOf } from './table-fields.tsx';

export type DatabaseDraft = {
  id: string;
  connection: ConnectionDraft;
  schema: string;
  deleteMode: DatabaseConfig['deleteMode'];
  tables: TableDrafts;
};

export const NEW_DATABASE: DatabaseDraft = {
  id: 'main',
  connection: NEW_CONNECTION,
  schema: 'hexclave',
  deleteMode: 'hard',
  tables: {},
};

/** As the server takes them; checked here too because a dot in it would be read as a path. */
const ID = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const ID_PROBLEM = 'an id has 1 to 63 of a-z, 0-9, _ and -, and begins with a letter or digit';

type FormProps = {
  projectId: string;
  /** Of one that is changed. */
  existingId?: string;
  initial: DatabaseDraft;
};

/** Adds or changes an external database; it can be tried before it is saved. */
export function DatabaseForm({ projectId, existingId, initial }: FormProps) {
  const [draft, setDraft] = useState(initial);
  const [isConnectionKept, setConnectionKept] = useState(existingId !== undefined);
  const { save } = useSaveDatabase(projectId);
  const test = useConnectionTest(projectId);
  const navigate = useNavigate();
  // What was wrong may be right now; the result of a test that worked stays, with the connection that it names.
  const change = (part: Partial<DatabaseDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    if (save.error) save.reset();
    if (test.error) test.reset();
  };
  const input = inputOf(draft, isConnectionKept);
  const isReady = isConnectionKept || isComplete(draft.connection);
  const open = () =>
    navigate({ to: '/projects/$projectId/databases/$databaseId', params: { projectId, databaseId: draft.id } });
  const submit = () => {
    if (ID.test(draft.id)) save.mutate({ id: draft.id, input }, { onSuccess: () => void open() });
  };
  const idProblem = draft.id === '' || ID.test(draft.id) ? undefined : ID_PROBLEM;
  const issues = { ...configIssues(test.error, draft.id), ...configIssues(save.error, draft.id) };
  return (
    <div className={styles.columns}>
      <Form onSubmit={submit}>
        <Card title="Connection">
          <div className={styles.form}>
            {existingId === undefined && (
              <TextField
                label="Id"
                hint="What it is called here, such as main or analytics. It cannot be changed."
                mono
                value={draft.id}
                problem={idProblem ?? issues['']}
                onChange={({ target }) => change({ id: target.value })}
              />
            )}
            {isConnectionKept ? (
              <KeptConnection connection={draft.connection} onChange={() => setConnectionKept(false)} />
            ) : (
              <ConnectionFields
                draft={draft.connection}
                problem={issues.connectionString}
                onChange={(part) => change({ connection: { ...draft.connection, ...part } })}
              />
            )}
          </div>
        </Card>
        <OptionsCard projectId={projectId} draft={draft} issues={issues} onChange={change} />
        <UnplacedProblem
          error={save.error ?? test.error}
          issues={issues}
          title={save.error ? 'It was not saved' : 'It could not be tested'}
        />
        <div className={styles.buttons}>
          <Button type="submit" variant="primary" disabled={!isReady || !ID.test(draft.id)} busy={save.isPending}>
            {existingId === undefined ? 'Add database' : 'Save'}
          </Button>
          <Button
            icon="pipeline"
            disabled={!isReady}
            busy={test.isPending}
            onClick={() => test.start(testOf(existingId, input))}
          >
            Test connection
          </Button>
        </div>
      </Form>
      <div className={styles.form}>
        {(test.isPending || test.data !== undefined) && (
          <Card title="Connection test" lead="As a sync would connect. Nothing is created or left in your database.">
            <div className={styles.form}>
              <TestResult test={{ ...test, error: null }} />
            </div>
          </Card>
        )}
        <RoleSqlCard
          projectId={projectId}
          names={{ role: draft.connection.user, database: draft.connection.database, schema: draft.schema }}
        />
      </div>
    </div>
  );
}

function inputOf({ connection, schema, deleteMode, tables }: DatabaseDraft, isConnectionKept: boolean): DatabaseInput {
  return {
    type: 'postgres',
    schema,
    deleteMode,
    tables: tableConfigsOf(tables),
    ...(!isConnectionKept && { connectionString: toConnectionString(connection) }),
  };
}

function testOf(existingId: string | undefined, input: DatabaseInput): ConnectionTestRequest {
  return { ...(existingId !== undefined && { external_database_id: existingId }), external_database: input };
}

type OptionsProps = {
  projectId: string;
  draft: DatabaseDraft;
  issues: Record<string, string>;
  onChange: (part: Partial<DatabaseDraft>) => void;
};

function OptionsCard({ projectId, draft, issues, onChange }: OptionsProps) {
  const hasTableIssue = Object.keys(issues).some((path) => path.startsWith('tables'));
  return (
    <Card title="What is copied, and where">
      <div className={styles.form}>
        <TextField
          label="Schema"
          hint="A schema of its own for the copy. It is created if the role may do so."
          mono
          value={draft.schema}
          problem={issues.schema}
          onChange={({ target }) => onChange({ schema: target.value })}
        />
        <SelectField
          label="Deleted rows"
          value={draft.deleteMode}
          problem={issues.deleteMode}
          onChange={({ target }) => onChange({ deleteMode: target.value === 'soft' ? 'soft' : 'hard' })}
        >
          <option value="hard">Are deleted in the copy too</option>
          <option value="soft">Stay, with the time in the column deleted_at</option>
        </SelectField>
        <Disclosure title="Tables and columns" opens={hasTableIssue}>
          <TableFields
            projectId={projectId}
            drafts={draft.tables}
            issues={issues}
            onChange={(tables) => onChange({ tables })}
          />
        </Disclosure>
      </div>
    </Card>
  );
}

const FIELDS = /^(|connectionString|schema|deleteMode|tables(\..*)?)$/;

/** A refusal that belongs to no field of the form. */
function UnplacedProblem({
  error,
  issues,
  title,
}: {
  error: Error | null;
  issues: Record<string, string>;
  title: string;
}) {
  const paths = Object.keys(issues);
  if (error === null || (paths.length > 0 && paths.every((path) => FIELDS.test(path)))) return null;
  return <ErrorNotice error={error} title={title} />;
}
