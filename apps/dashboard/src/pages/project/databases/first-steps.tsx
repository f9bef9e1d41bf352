import { Link } from '@tanstack/react-router';
import { classOf } from '../../../components/button.tsx';
import { CodeBlock } from '../../../components/copy.tsx';
import { Icon } from '../../../components/icon.tsx';
import styles from './databases.module.css';

const FIRST_QUERY = 'SELECT id, display_name, primary_email FROM hexclave.users;';

/** From nothing to the first row in one's own database. */
export function FirstSteps({ projectId }: { projectId: string }) {
  return (
    <section className={styles.first} aria-labelledby="first-steps">
      <h2 id="first-steps">Your users, in your own database</h2>
      <p>
        Name a PostgreSQL of yours, and this project’s users, contact channels and teams are kept in it: every change
        within milliseconds, with no code of yours. Then join them with your own tables in plain SQL.
      </p>
      <ol className={styles.firstList}>
        <li>
          <h3>Add the database</h3>
          <p>
            The page has the SQL for a role that may do no more than is needed, and tests the connection step by step
            before anything is saved.
          </p>
          <Link to="/projects/$projectId/add-database" params={{ projectId }} className={classOf('primary')}>
            <Icon name="plus" />
            Add your first database
          </Link>
        </li>
        <li>
          <h3>Create a user</h3>
          <p>
            If there is none yet. The page then shows in how many milliseconds the row has arrived in your database.
          </p>
          <Link to="/projects/$projectId/users" params={{ projectId }} className={classOf('secondary')}>
            <Icon name="user" />
            Users
          </Link>
        </li>
        <li>
          <h3>Read it</h3>
          <p>In your database:</p>
          <CodeBlock code={FIRST_QUERY} label="SQL that reads the users" />
        </li>
      </ol>
    </section>
  );
}
