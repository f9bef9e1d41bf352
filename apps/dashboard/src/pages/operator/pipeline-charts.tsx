import type { StatusHistory } from '@hexclave/contract';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { Chart } from '../../components/chart.tsx';
import { ErrorNotice, Loading } from '../../components/feedback.tsx';
import { Card } from '../../components/layout.tsx';
import { formatCompact, formatDuration, formatRate } from '../../lib/format.ts';
import { pipelineHistoryQuery } from '../../lib/pipeline-history.ts';
import styles from './pipeline.module.css';

type Sample = StatusHistory['pipeline'][number];
type Line = { name: string; of: (sample: Sample) => number };
type Plan = { title: string; lead: string; format: (value: number) => string; lines: readonly Line[] };

const PLANS: readonly Plan[] = [
  {
    title: 'Rates',
    lead: 'Rows per second. The two lines lie on each other as long as nothing piles up.',
    format: formatRate,
    lines: [
      { name: 'Numbered', of: (sample) => sample.rows_numbered_per_second },
      { name: 'Written into external databases', of: (sample) => sample.rows_applied_per_second },
    ],
  },
  {
    title: 'Queues',
    lead: 'What waits in each of them.',
    format: formatCompact,
    lines: [
      { name: 'Rows without a number', of: (sample) => sample.rows_pending },
      { name: 'Requests waiting', of: (sample) => sample.requests_pending },
      { name: 'Requests in flight', of: (sample) => sample.requests_in_flight },
    ],
  },
  {
    title: 'Lag',
    lead: 'For how long the oldest request had been due.',
    format: formatDuration,
    lines: [{ name: 'Oldest request', of: (sample) => sample.oldest_due_millis }],
  },
  {
    title: 'Failing projects',
    lead: 'Projects with an external database that fails.',
    format: formatCompact,
    lines: [{ name: 'Failing', of: (sample) => sample.failing_projects }],
  },
];

/** The last hour, in the same figures as above. */
export function PipelineCharts() {
  const history = useQuery(pipelineHistoryQuery);
  const times = useMemo(() => history.data?.pipeline.map(({ at_millis }) => at_millis) ?? [], [history.data]);
  return (
    <>
      {history.error && (
        <ErrorNotice
          error={history.error}
          title="The last hour could not be loaded"
          onRetry={() => void history.refetch()}
        />
      )}
      <div className={styles.charts}>
        {PLANS.map(({ title, lead, format, lines }) => (
          <Card key={title} title={title} lead={lead}>
            {history.data === undefined ? (
              <Loading label={`${title} of the last hour are being loaded`} lines={6} />
            ) : (
              <Chart
                label={`${title} in the last hour.`}
                times={times}
                from={history.data.from_millis}
                until={history.data.at_millis}
                format={format}
                series={seriesOf(lines, history.data.pipeline)}
              />
            )}
          </Card>
        ))}
      </div>
    </>
  );
}

function seriesOf(lines: readonly Line[], samples: readonly Sample[]) {
  return lines.map(({ name, of }) => ({ name, values: samples.map(of) }));
}
