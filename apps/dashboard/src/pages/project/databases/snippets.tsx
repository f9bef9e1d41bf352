import type { ExternalDatabaseSyncStatus } from '@hexclave/contract';
import { useState } from 'react';
import { CodeBlock } from '../../../components/copy.tsx';
import { EmptyState } from '../../../components/feedback.tsx';
import { TextField } from '../../../components/field.tsx';
import { Card } from '../../../components/layout.tsx';
import { qualified, quoteIdentifier } from '../../../lib/sql.ts';
import styles from './databases.module.css';

/** SQL to begin with, for the names that this copy has. */
export function SnippetsCard({ database }: { database: ExternalDatabaseSyncStatus }) {
  const [table, setTable] = useState('orders');
  const [column, setColumn] = useState('user_id');
  const [reader, setReader] = useState('my_app');
  const users = database.mappings.find(({ mapping }) => mapping === 'users');
  return (
    <Card title="Use the data" lead="Ready to run in this database.">
      <div className={styles.columns}>
        <div className={styles.form}>
          <h3>Join the users with a table of yours</h3>
          {users === undefined ? (
            <EmptyState title="Users are not copied here">Edit the database to copy them.</EmptyState>
          ) : (
            <>
              <div className={styles.fields}>
                <TextField label="Your table" mono value={table} onChange={({ target }) => setTable(target.value)} />
                <TextField
                  label="Its column with the user’s id"
                  mono
                  value={column}
                  onChange={({ target }) => setColumn(target.value)}
                />
              </div>
              <CodeBlock
                code={joinSql(qualified(database.schema, users.target_table), table, column)}
                label="SQL that joins the users"
              />
            </>
          )}
        </div>
        <div className={styles.form}>
          <h3>Let your application read it</h3>
          <TextField
            label="Role of your application"
            mono
            value={reader}
            onChange={({ target }) => setReader(target.value)}
          />
          <CodeBlock
            code={readSql(database.schema, database.connection.user, reader)}
            label="SQL that lets a role read the copy"
          />
        </div>
      </div>
    </Card>
  );
}

function joinSql(users: string, table: string, column: string): string {
  const mine = table.split('.').map(quoteIdentifier).join('.');
  return `SELECT u.display_name, u.primary_email, mine.*\nFROM ${mine} mine\nJOIN ${users} u ON u.id = mine.${quoteIdentifier(column)};`;
}

function readSql(schema: string, owner: string, reader: string): string {
  const [inSchema, role] = [quoteIdentifier(schema), quoteIdentifier(reader)];
  return [
    `GRANT USAGE ON SCHEMA ${inSchema} TO ${role};`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${inSchema} TO ${role};`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${quoteIdentifier(owner)} IN SCHEMA ${inSchema} GRANT SELECT ON TABLES TO ${role};`,
  ].join('\n');
}
