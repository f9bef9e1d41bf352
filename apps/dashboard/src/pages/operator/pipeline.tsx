import { Link } from '@tanstack/react-router';
import { classOf } from '../../components/button.tsx';
import { ErrorNotice, Loading, Notice } from '../../components/feedback.tsx';
import { Page, Stack } from '../../components/layout.tsx';
import { LiveIndicator } from '../../components/live-indicator.tsx';
import { type LiveStatus, useAllStatus } from '../../lib/live-status.ts';
import { PipelineCharts } from './pipeline-charts.tsx';
import { PipelinePicture } from './pipeline-picture.tsx';
import { ServersCard } from './servers.tsx';

/** How changes travel at this moment, and how they did in the last hour. */
export function PipelinePage() {
  const live = useAllStatus();
  return (
    <Page
      title="Pipeline"
      lead="How changes of all projects travel to their external databases, stage by stage."
      actions={
        <>
          <LiveIndicator live={live} />
          <Link to="/fusebox" className={classOf('secondary')}>
            Fusebox
          </Link>
        </>
      }
    >
      <Now live={live} />
      <PipelineCharts />
      {live.status && <ServersCard servers={live.status.pipeline.servers} />}
    </Page>
  );
}

function Now({ live }: { live: LiveStatus<'all'> }) {
  const { status, error, clockAheadMs } = live;
  if (status === undefined) {
    return error ? (
      <ErrorNotice error={error} title="The live status cannot be followed" />
    ) : (
      <Loading label="The pipeline is being looked at" lines={6} />
    );
  }
  const isStopped = Object.values(status.pipeline.fusebox).includes(false);
  return (
    <Stack>
      {isStopped && (
        <Notice tone="behind" title="A part of the pipeline is switched off">
          <p>Changes wait, and nothing is lost. Who has switched it off, and why, is in the fusebox.</p>
        </Notice>
      )}
      {status.pipeline.servers.length === 0 && (
        <Notice tone="failing" title="No server drives the pipeline">
          <p>
            No process with the loops switched on was seen within half a minute. Start one, or call the cron routes: see
            “Drive the pipeline” in the documentation.
          </p>
        </Notice>
      )}
      <PipelinePicture pipeline={status.pipeline} totals={status.totals} clockAheadMs={clockAheadMs} />
    </Stack>
  );
}
