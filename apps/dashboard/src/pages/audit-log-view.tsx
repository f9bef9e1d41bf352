import type { AuditAction, AuditEvent } from '@hexclave/contract';
import { Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { ActorName } from '../components/actor.tsx';
import { Button } from '../components/button.tsx';
import { CodeBlock } from '../components/copy.tsx';
import { type Column, DataTable } from '../components/data-table.tsx';
import { Dialog } from '../components/dialog.tsx';
import { EmptyState, ErrorNotice, Loading } from '../components/feedback.tsx';
import { SelectField } from '../components/field.tsx';
import { Facts, Page } from '../components/layout.tsx';
import { ACTION_WORDS, AUDIT_ACTIONS, useAuditLog } from '../lib/audit.ts';
import { formatTime } from '../lib/format.ts';
import { useProject } from '../lib/project.ts';
import styles from './audit-log-view.module.css';

/** Who did what, when and why: in one project, or in all of them. */
export function AuditLogView({ projectId, lead }: { projectId?: string; lead: string }) {
  const [action, setAction] = useState<AuditAction>();
  const [opened, setOpened] = useState<AuditEvent>();
  const log = useAuditLog(projectId, action);
  const columns = useMemo(() => columnsOf(projectId === undefined, setOpened), [projectId]);
  return (
    <Page title="Audit log" lead={lead} filled>
      <div className={styles.bar}>
        <ActionFilter action={action} onChange={setAction} />
        <Button icon="retry" busy={log.isFetching && !log.isFetchingNextPage} onClick={() => void log.refetch()}>
          Refresh
        </Button>
        {log.hasNextPage && (
          <Button busy={log.isFetchingNextPage} onClick={() => void log.fetchNextPage()}>
            Load older ones
          </Button>
        )}
      </div>
      {log.error && (
        <ErrorNotice error={log.error} title="The audit log could not be read" onRetry={() => void log.refetch()} />
      )}
      {log.isPending ? (
        <Loading label="The audit log is being loaded" lines={8} />
      ) : (
        <DataTable
          label="Audit log"
          place="filled"
          columns={columns}
          rows={log.events}
          rowKey={({ id }) => id}
          empty={
            <EmptyState title="Nothing was written down yet">
              What somebody changes, here or over the API, appears here.
            </EmptyState>
          }
        />
      )}
      {opened && <EventDialog event={opened} onClose={() => setOpened(undefined)} />}
    </Page>
  );
}

type ActionFilterProps = { action: AuditAction | undefined; onChange: (action: AuditAction | undefined) => void };

function ActionFilter({ action, onChange }: ActionFilterProps) {
  return (
    <SelectField
      label="Show"
      value={action ?? ''}
      onChange={({ target }) => onChange(AUDIT_ACTIONS.find((known) => known === target.value))}
    >
      <option value="">Everything</option>
      {AUDIT_ACTIONS.map((known) => (
        <option key={known} value={known}>
          {ACTION_WORDS[known]}
        </option>
      ))}
    </SelectField>
  );
}

function columnsOf(showsProject: boolean, onOpen: (event: AuditEvent) => void): Column<AuditEvent>[] {
  return [
    { id: 'time', header: 'Time', width: '148px', cell: ({ at_millis }) => formatTime(at_millis) },
    {
      id: 'action',
      header: 'What',
      width: '172px',
      cell: (event) => (
        <button type="button" className={styles.action} onClick={() => onOpen(event)}>
          {ACTION_WORDS[event.action] ?? event.action}
        </button>
      ),
    },
    ...(showsProject ? [PROJECT_COLUMN] : []),
    {
      id: 'database',
      header: 'Database',
      width: '104px',
      cell: ({ external_database_id }) => external_database_id ?? '–',
    },
    { id: 'by', header: 'By', width: '270px', cell: ({ actor }) => <ActorName actor={actor} /> },
    { id: 'reason', header: 'Reason', cell: ({ reason }) => <span title={reason ?? undefined}>{reason ?? '–'}</span> },
    { id: 'result', header: 'Result', width: '80px', cell: ({ result }) => <Result result={result} /> },
  ];
}

const PROJECT_COLUMN: Column<AuditEvent> = {
  id: 'project',
  header: 'Project',
  width: '130px',
  cell: ({ project_id }) => (project_id === null ? 'All' : <ProjectName projectId={project_id} />),
};

/** Its name, as long as it is there; the log outlives it. */
function ProjectName({ projectId }: { projectId: string }) {
  const { data: project } = useProject(projectId);
  if (project === undefined) return <span className={styles.id}>{projectId}</span>;
  return (
    <Link to="/projects/$projectId" params={{ projectId }} title={projectId}>
      {project.display_name}
    </Link>
  );
}

const RESULT_WORDS: Record<AuditEvent['result'], string> = { done: 'Done', queued: 'Queued', failed: 'Failed' };

function Result({ result }: Pick<AuditEvent, 'result'>) {
  return <span className={result === 'failed' ? styles.failed : undefined}>{RESULT_WORDS[result]}</span>;
}

function EventDialog({ event, onClose }: { event: AuditEvent; onClose: () => void }) {
  return (
    <Dialog title={ACTION_WORDS[event.action] ?? event.action} wide onClose={onClose}>
      <Facts
        facts={[
          ['Time', formatTime(event.at_millis, { exact: true })],
          ['By', <ActorName key="by" actor={event.actor} />],
          ['Result', RESULT_WORDS[event.result]],
          ['Project', event.project_id ?? 'All'],
          ['External database', event.external_database_id ?? '–'],
          ['Table', event.mapping ?? '–'],
          ['Reason', event.reason ?? '–'],
          ['Request id', event.request_id ?? '–'],
        ]}
      />
      {event.before !== null && <CodeBlock label="Before" code={JSON.stringify(event.before, null, 2)} />}
      {event.after !== null && <CodeBlock label="After" code={JSON.stringify(event.after, null, 2)} />}
    </Dialog>
  );
}
