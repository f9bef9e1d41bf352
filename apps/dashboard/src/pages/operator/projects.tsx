import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useMemo, useState } from 'react';
import { Button, classOf } from '../../components/button.tsx';
import { type Choice, Choices } from '../../components/choice.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../components/feedback.tsx';
import { SearchField } from '../../components/field.tsx';
import { Page } from '../../components/layout.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { STATE_WORDS } from '../../components/state-pill.tsx';
import { type ListedProject, useAllProjects } from '../../lib/all-projects.ts';
import { formatCount } from '../../lib/format.ts';
import { useAllStatus } from '../../lib/live-status.ts';
import { CreateProjectDialog } from './create-project.tsx';
import { PROJECT_COLUMNS } from './project-columns.tsx';
import styles from './projects.module.css';

export const STATE_FILTERS = ['all', 'failing', 'behind', 'paused', 'fresh', 'none'] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

/** Every project at a glance, what needs attention first. */
export function ProjectsPage() {
  const live = useAllStatus();
  const projects = useAllProjects();
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      title="Projects"
      lead="Every project, and whether the copies in its external databases are fresh. What needs attention comes first."
      filled
      actions={
        <>
          {projects.isIncomplete && <span role="status">{formatCount(projects.rows.length)} so far …</span>}
          <LiveIndicator live={live} />
          <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
            Create project
          </Button>
        </>
      }
    >
      {projects.error && (
        <ErrorNotice error={projects.error} title="Not all projects could be loaded" onRetry={projects.retry} />
      )}
      {projects.isLoading ? (
        <Loading label="Projects are being loaded" lines={9} />
      ) : (
        <ProjectList rows={projects.rows} />
      )}
      {isCreating && <CreateProjectDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

function ProjectList({ rows }: { rows: ListedProject[] }) {
  const { state = 'all', q = '' } = useSearch({ from: '/signed-in/projects' });
  const navigate = useNavigate({ from: '/projects' });
  // What is typed is shown at once; ten thousand rows follow as soon as there is time.
  const query = useDeferredValue(q);
  const shown = useMemo(() => filterProjects(rows, state, query), [rows, state, query]);
  const find = (search: { state?: StateFilter; q?: string }) =>
    navigate({ search: (previous) => ({ ...previous, ...search }), replace: true });
  return (
    <>
      <div className={styles.bar}>
        <Choices
          label="Show projects that are"
          choices={choicesOf(rows)}
          chosen={state}
          onChoose={(next) => void find({ state: next })}
        />
        <div className={styles.find}>
          <SearchField
            label="Find by name or id"
            value={q}
            onChange={(event) => void find({ q: event.target.value })}
          />
        </div>
      </div>
      <DataTable
        label="Projects"
        place="filled"
        columns={PROJECT_COLUMNS}
        rows={shown}
        rowKey={({ id, branch = '' }) => `${id} ${branch}`}
        initialSort={{ column: 'state', descending: false }}
        empty={<NothingFound hasProjects={rows.length > 0} />}
      />
    </>
  );
}

function NothingFound({ hasProjects }: { hasProjects: boolean }) {
  if (!hasProjects)
    return <EmptyState title="There are no projects yet">Create one; its users and keys belong to it.</EmptyState>;
  return (
    <EmptyState
      title="No project matches"
      actions={
        <Link to="/projects" search={{}} className={classOf('secondary')}>
          Show all
        </Link>
      }
    >
      Look for another name or id, or choose another state.
    </EmptyState>
  );
}

function filterProjects(rows: ListedProject[], state: StateFilter, query: string): ListedProject[] {
  const wanted = query.trim().toLowerCase();
  return rows.filter(
    (row) =>
      (state === 'all' || row.state === state) &&
      (wanted === '' || row.name.toLowerCase().includes(wanted) || row.id.toLowerCase().includes(wanted)),
  );
}

function choicesOf(rows: ListedProject[]): Choice<StateFilter>[] {
  const counts = new Map<string, number>();
  for (const { state } of rows) counts.set(state, (counts.get(state) ?? 0) + 1);
  return STATE_FILTERS.map((value) => ({
    value,
    label: value === 'all' ? 'All' : STATE_WORDS[value],
    count: value === 'all' ? rows.length : (counts.get(value) ?? 0),
  }));
}
