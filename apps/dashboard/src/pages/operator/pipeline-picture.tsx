import type { PipelineStatus, SyncTotals } from '@hexclave/contract';
import type { ReactNode } from 'react';
import { StatePill } from '../../components/state-pill.tsx';
import { TimeAgo } from '../../components/time-ago.tsx';
import { formatCount, formatRate, formatRows } from '../../lib/format.ts';
import styles from './pipeline.module.css';

type PictureProps = { pipeline: PipelineStatus; totals: SyncTotals; clockAheadMs: number };
type Line = readonly [string, ReactNode];

/** The four stages in the order in which a change meets them, each with what waits there and how fast it goes on. */
export function PipelinePicture({ pipeline, totals, clockAheadMs }: PictureProps) {
  const { sequencer, poller, outgoing_requests: requests, sync_engine: engine } = pipeline;
  const ago = (millis: number | null) =>
    millis === null ? 'Never' : <TimeAgo millis={millis} clockAheadMs={clockAheadMs} />;
  const isFlowing = sequencer.rows_per_second > 0 || engine.rows_per_second > 0;
  return (
    <div className={styles.picture}>
      <Stage
        title="Sequencer"
        isOn={sequencer.enabled}
        figure={formatRate(sequencer.rows_per_second)}
        unit="rows numbered"
        lines={[
          ...sequencer.pending.map(
            ({ table, rows, rows_precision }): Line => [`${table} waiting`, formatRows(rows, rows_precision)],
          ),
          ['Last run', ago(sequencer.last_run_at_millis)],
          ['Numbering now', sequencer.lock === null ? 'Nobody' : `process ${sequencer.lock.process_id}`],
        ]}
      />
      <Stage
        title="Poller"
        isOn={poller.enabled}
        isFlowing={isFlowing}
        figure={formatRows(requests.due, 'exact')}
        unit="requests due"
        lines={[
          ['Oldest due', requests.oldest_due_at_millis === null ? 'None' : ago(requests.oldest_due_at_millis)],
          ['Waiting in all', formatRows(requests.pending, requests.pending_precision)],
          ['Last run', ago(poller.last_run_at_millis)],
        ]}
      />
      <Stage
        title="Outgoing requests"
        isOn={requests.enabled}
        isFlowing={isFlowing}
        figure={formatCount(requests.in_flight)}
        unit="being delivered"
        lines={[
          ['Waiting after a failure', formatCount(requests.retrying)],
          ['Stale', <Bad key="stale" count={requests.stale} />],
          ['Given up', <Bad key="given-up" count={requests.given_up} />],
        ]}
      />
      <Stage
        title="Sync engine"
        isOn={engine.enabled}
        isFlowing={isFlowing}
        figure={formatRate(engine.rows_per_second)}
        unit="rows written"
        lines={[
          ['External databases', formatCount(totals.external_databases)],
          ['Projects fresh', formatCount(totals.fresh)],
          ['Projects behind', formatCount(totals.behind)],
          ['Projects failing', <Bad key="failing" count={totals.failing} />],
        ]}
      />
    </div>
  );
}

type StageProps = {
  title: string;
  isOn: boolean;
  /** Whether something comes from the stage before. */
  isFlowing?: boolean;
  figure: string;
  unit: string;
  lines: readonly Line[];
};

function Stage({ title, isOn, isFlowing = false, figure, unit, lines }: StageProps) {
  const classes = [styles.stage, !isOn && styles.off, isFlowing && styles.flowing].filter(Boolean).join(' ');
  return (
    <section className={classes} aria-label={title}>
      <div className={styles.title}>
        <h2>{title}</h2>
        <StatePill state={isOn ? 'fresh' : 'behind'} label={isOn ? 'On' : 'Off'} />
      </div>
      <div className={styles.figure}>
        {figure}
        <span className={styles.unit}>{unit}</span>
      </div>
      <dl className={styles.lines}>
        {lines.map(([name, value]) => (
          <Fact key={name} name={name} value={value} />
        ))}
      </dl>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

/** A number that ought to be 0. */
function Bad({ count }: { count: number }) {
  return <span className={count > 0 ? styles.bad : undefined}>{formatCount(count)}</span>;
}
