import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useDeferredValue } from 'react';
import { CodeBlock } from '../../../components/copy.tsx';
import { ErrorNotice, Loading } from '../../../components/feedback.tsx';
import { Card } from '../../../components/layout.tsx';
import { roleSqlQuery } from '../../../lib/database-actions.ts';
import styles from './databases.module.css';

type Names = { role: string; database: string; schema: string };

/** SQL of a role that may do no more than is needed, for the names that are in the form. */
export function RoleSqlCard({ projectId, names }: { projectId: string; names: Names }) {
  const { role, database, schema } = useDeferredValue(names);
  const query = roleSqlQuery(projectId, {
    role: role.trim() || 'hexclave_sync',
    database: database.trim() || 'my_database',
    schema: schema.trim() || 'hexclave',
  });
  const sql = useQuery({ ...query, placeholderData: keepPreviousData });
  return (
    <Card
      title="A role of its own"
      lead="It sees none of your tables. Run this in your database as its owner; the names are those of the form."
    >
      <div className={styles.form}>
        {sql.error && (
          <ErrorNotice error={sql.error} title="The SQL could not be made" onRetry={() => void sql.refetch()} />
        )}
        {sql.data === undefined && !sql.error && <Loading label="The SQL is being made" />}
        {sql.data && (
          <>
            <CodeBlock code={sql.data.sql} label="SQL that creates the role" />
            <div>
              <h3>Then its password</h3>
              <p className={styles.quiet}>In psql, which asks for it, so that no log has it:</p>
            </div>
            <CodeBlock code={sql.data.set_password} label="The command that sets the password" />
          </>
        )}
      </div>
    </Card>
  );
}
