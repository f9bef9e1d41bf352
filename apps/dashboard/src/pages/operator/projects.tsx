import type { SyncTotals } from '@hexclave/contract';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { Button, classOf } from '../../components/button.tsx';
import { type Choice, Choices } from '../../components/choice.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../components/feedback.tsx';
import { SearchField } from '../../components/field.tsx';
import { Page } from '../../components/layout.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { STATE_WORDS } from '../../components/state-pill.tsx';
import { useAllProjects } from '../../lib/all-projects.ts';
import { formatCount } from '../../lib/format.ts';
import { type LiveStatus, useAllStatus } from '../../lib/live-status.ts';
import { type ListedProject, type ServerSort, STATE_FILTERS, type StateFilter } from '../../lib/project-list.ts';
import { type Sort, sortRows } from '../../lib/sort.ts';
import { CreateProjectDialog } from './create-project.tsx';
import { PROJECT_COLUMNS } from './project-columns.tsx';
import styles from './projects.module.css';

const FIRST_ORDER: Sort = { column: 'state', descending: false };
const LONGEST_QUERY = 256;

/** Every project at a glance, what needs attention first. */
export function ProjectsPage() {
  const live = useAllStatus();
  const [isCreating, setCreating] = useState(false);
  return (
    <Page
      title="Projects"
      lead="Every project, and whether the copies in its external databases are fresh. What needs attention comes first."
      filled
      actions={
        <>
          <LiveIndicator live={live} />
          <Button variant="primary" icon="plus" onClick={() => setCreating(true)}>
            Create project
          </Button>
        </>
      }
    >
      <ProjectList live={live} />
      {isCreating && <CreateProjectDialog onClose={() => setCreating(false)} />}
    </Page>
  );
}

function ProjectList({ live }: { live: LiveStatus<'all'> }) {
  const { state = 'all', q = '' } = useSearch({ from: '/signed-in/projects' });
  const navigate = useNavigate({ from: '/projects' });
  const [sort, setSort] = useState(FIRST_ORDER);
  // What is typed is shown at once; what is found follows as soon as there is time.
  const query = useDeferredValue(q.trim());
  const projects = useAllProjects({ state, query }, serverSortOf(sort));
  const find = (search: { state?: StateFilter; q?: string }) =>
    navigate({ search: (previous) => ({ ...previous, ...search }), replace: true });
  return (
    <>
      <div className={styles.bar}>
        <Choices
          label="Show projects that are"
          choices={choicesOf(live.status?.totals ?? projects.totals, projects.uncopied)}
          chosen={state}
          onChoose={(next) => void find({ state: next })}
        />
        <div className={styles.find}>
          <SearchField
            label="Find by name or id"
            maxLength={LONGEST_QUERY}
            value={q}
            onChange={(event) => void find({ q: event.target.value })}
          />
        </div>
      </div>
      {projects.error && (
        <ErrorNotice error={projects.error} title="Not all projects could be loaded" onRetry={projects.retry} />
      )}
      {projects.isLoading ? (
        <Loading label="Projects are being loaded" lines={9} />
      ) : (
        <DataTable
          label="Projects"
          place="filled"
          columns={PROJECT_COLUMNS}
          rows={projects.isComplete ? sorted(projects.rows, sort) : projects.rows}
          rowKey={({ id, branch = '' }) => `${id} ${branch}`}
          paged={{
            sort: projects.isComplete ? sort : servedOrder(sort),
            onSort: setSort,
            sortable: projects.isComplete ? SORTABLE : SORTED_BY_SERVER,
            more: projects.more,
          }}
          empty={<NothingFound isFiltered={state !== 'all' || query !== ''} />}
        />
      )}
    </>
  );
}

/** What the server sorts all projects by; by the rest, those are sorted that are loaded as a whole. */
const SORTED_BY_SERVER = ['name', 'state', 'lag'];
const SORTABLE = PROJECT_COLUMNS.flatMap(({ id, sortBy }) => (sortBy === undefined ? [] : id));

function serverSortOf({ column, descending }: Sort): ServerSort {
  if (column === 'name') return descending ? '-name' : 'name';
  if (column === 'lag') return descending ? 'lag' : '-lag';
  return 'state';
}

/** The order that a list is in of which not all is loaded. */
function servedOrder(sort: Sort): Sort {
  return serverSortOf(sort) === 'state' ? FIRST_ORDER : sort;
}

function sorted(rows: ListedProject[], { column, descending }: Sort): ListedProject[] {
  const sortBy = PROJECT_COLUMNS.find(({ id }) => id === column)?.sortBy;
  return sortBy === undefined ? rows : sortRows(rows, sortBy, descending);
}

function NothingFound({ isFiltered }: { isFiltered: boolean }) {
  if (!isFiltered)
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

type Uncopied = { count: number; areMore: boolean };

function choicesOf(totals: SyncTotals | undefined, uncopied: Uncopied | undefined): Choice<StateFilter>[] {
  const atLeast = uncopied?.areMore ? '+' : '';
  const counts: Record<StateFilter, string | undefined> = {
    all: totals && uncopied && formatCount(totals.projects + uncopied.count) + atLeast,
    failing: totals && formatCount(totals.failing),
    behind: totals && formatCount(totals.behind),
    paused: totals && formatCount(totals.paused),
    fresh: totals && formatCount(totals.fresh),
    none: uncopied && formatCount(uncopied.count) + atLeast,
  };
  return STATE_FILTERS.map((value) => ({
    value,
    label: value === 'all' ? 'All' : STATE_WORDS[value],
    count: counts[value],
  }));
}
