import type { PipelineStatus } from '@hexclave/contract';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { EmptyState } from '../../components/feedback.tsx';
import { Card } from '../../components/layout.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatCount } from '../../lib/format.ts';

type Server = PipelineStatus['servers'][number];

const COLUMNS: readonly Column<Server>[] = [
  { id: 'host', header: 'Host', sortBy: ({ host }) => host, cell: ({ host }) => <strong>{host}</strong> },
  { id: 'process', header: 'Process', width: '110px', cell: ({ process_id }) => process_id },
  {
    id: 'version',
    header: 'Version',
    width: '110px',
    sortBy: ({ version }) => version,
    cell: ({ version }) => version,
  },
  {
    id: 'started',
    header: 'Started',
    width: '140px',
    sortBy: ({ started_at_millis }) => started_at_millis,
    cell: ({ started_at_millis }) => <TimeAgo millis={started_at_millis} />,
  },
  { id: 'seen', header: 'Seen', width: '140px', cell: ({ seen_at_millis }) => <TimeAgo millis={seen_at_millis} /> },
  {
    id: 'deliveries',
    header: 'Deliveries under way',
    width: '170px',
    align: 'end',
    sortBy: ({ deliveries }) => deliveries,
    cell: ({ deliveries }) => formatCount(deliveries),
  },
];

export function ServersCard({ servers }: { servers: Server[] }) {
  return (
    <Card title="Servers" lead="Processes that drive the pipeline, seen within the last half minute." flush>
      <DataTable
        label="Servers"
        columns={COLUMNS}
        rows={servers}
        rowKey={({ id }) => id}
        empty={<EmptyState title="No server was seen" />}
      />
    </Card>
  );
}
