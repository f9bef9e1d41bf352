import type { Pause } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { ActorName } from '../../components/actor.tsx';
import { Button } from '../../components/button.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState, ErrorNotice, Loading } from '../../components/feedback.tsx';
import { Card } from '../../components/layout.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { allPausesQuery, useResume } from '../../lib/controls.ts';

/** Single projects and databases that are stopped, whoever has stopped them. */
export function PausesCard() {
  const pauses = useQuery(allPausesQuery);
  const resume = useResume();
  const columns = useMemo(() => columnsOf(resume.isPending, resume.mutate), [resume.isPending, resume.mutate]);
  return (
    <Card
      title="Pauses"
      lead="Of single projects and external databases. What an owner has paused only the owner can resume."
      flush
    >
      {pauses.error && (
        <ErrorNotice error={pauses.error} title="The pauses could not be read" onRetry={() => void pauses.refetch()} />
      )}
      {resume.error && <ErrorNotice error={resume.error} title="The pause was not ended" />}
      {pauses.data === undefined ? (
        <Loading label="Pauses are being loaded" />
      ) : (
        <DataTable
          label="Pauses"
          columns={columns}
          rows={pauses.data}
          rowKey={(pause) => [pause.project_id, pause.external_database_id, pause.paused_by].join(' ')}
          initialSort={{ column: 'since', descending: true }}
          empty={
            <EmptyState title="Nothing is paused">
              A project, or one database of it, is paused on its own page.
            </EmptyState>
          }
        />
      )}
    </Card>
  );
}

type Resume = (pause: { projectId: string; databaseId: string | null }) => void;

function columnsOf(isBusy: boolean, onResume: Resume): Column<Pause>[] {
  return [
    {
      id: 'project',
      header: 'Project',
      sortBy: ({ project_id }) => project_id,
      cell: ({ project_id }) => (
        <Link to="/projects/$projectId" params={{ projectId: project_id }}>
          {project_id}
        </Link>
      ),
    },
    {
      id: 'database',
      header: 'External database',
      width: '170px',
      sortBy: ({ external_database_id }) => external_database_id ?? '',
      cell: ({ external_database_id }) => external_database_id ?? 'All of them',
    },
    { id: 'reason', header: 'Reason', cell: ({ reason }) => reason ?? '–' },
    {
      id: 'by',
      header: 'Paused by',
      width: '240px',
      cell: ({ by, paused_by }) => (by === null ? paused_by : <ActorName actor={by} />),
    },
    {
      id: 'since',
      header: 'Since',
      width: '120px',
      sortBy: ({ since_millis }) => since_millis,
      cell: ({ since_millis }) => <TimeAgo millis={since_millis} />,
    },
    {
      id: 'resume',
      header: 'Resume',
      width: '120px',
      cell: (pause) =>
        pause.paused_by === 'operator' && (
          <Button
            icon="play"
            disabled={isBusy}
            onClick={() => onResume({ projectId: pause.project_id, databaseId: pause.external_database_id })}
          >
            Resume
          </Button>
        ),
    },
  ];
}
