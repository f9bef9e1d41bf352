import type { Team } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import type { Column } from '../../../components/data-table.tsx';
import styles from './people.module.css';

/** The name of a team, which leads to its page. */
export function teamNameColumn(projectId: string): Column<Team> {
  return {
    id: 'name',
    header: 'Name',
    cell: ({ id, display_name: name }) => (
      <Link
        to="/projects/$projectId/teams/$teamId"
        params={{ projectId, teamId: id }}
        className={styles.name}
        title={name}
      >
        {name}
      </Link>
    ),
  };
}
