import { setTimeout as delay } from 'node:timers/promises';
import type { Database, Resident } from '@hexclave/db';
import type { Catalog } from './declare/catalog.ts';
import type { ClaimedRequest, Deliver } from './outgoing-requests/request.ts';
import { createDeliveries } from './poller/deliveries.ts';
import { runPoller } from './poller/poller.ts';
import { forgetOld, RETENTION_EVERY_MS } from './retention/retention.ts';
import { runSequencer, type Watching } from './sequencer/sequencer.ts';
import { type Activity, noting, type ProcessInfo } from './status/processes.ts';
import { runSampler } from './status/run-sampler.ts';
import type { Verifier } from './verify/verifier.ts';
import { createWaker } from './waker.ts';

/** The parts of the pipeline, for the log. */
export type PipelinePart = 'sequencer' | 'poller' | 'listener' | 'retention' | 'status';

export type PipelineOptions = {
  readonly db: Database;
  /** Listens for the messages that wake the pipeline. */
  readonly resident: Resident;
  readonly catalog: Catalog;
  readonly deliver: Deliver;
  /** `request`: what was being delivered. */
  readonly onError: (part: PipelinePart, error: unknown, request?: ClaimedRequest) => void;
  /** Deliveries under way at once. */
  readonly concurrency?: number;
  /** Compares copies with their source, beside everything else. */
  readonly verifier?: Verifier;
  /** This process, for the status, which then gets its samples. */
  readonly process?: ProcessInfo;
  /** Told every few seconds which migrations the database has that a process must know in order to work on it. */
  readonly onBreakingMigrations?: (names: readonly string[]) => unknown;
} & Watching;

/** A running pipeline. `stop` resolves when nothing is under way any more. */
export type Pipeline = { stop(): Promise<void> };

/** Starts all loops of a long-lived process. */
export function startPipeline(options: PipelineOptions): Pipeline {
  const { db, resident, catalog, deliver, concurrency, followOrigins } = options;
  const stopping = new AbortController();
  const activity: Activity = { sequencerRanAt: null, pollerRanAt: null, deliveries: () => deliveries.size };
  const observer = noting(activity, options.observer);
  const sequencerWaker = createWaker();
  const pollerWaker = createWaker();
  const report = (part: PipelinePart) => (error: unknown, request?: ClaimedRequest) => {
    // What fails because of the stop is no news.
    if (!stopping.signal.aborted) options.onError(part, error, request);
  };
  const channels = { hexclave_sequencer: sequencerWaker.wake, hexclave_outgoing_request: pollerWaker.wake };
  const deliveries = createDeliveries(
    { db, deliver, concurrency, observer, onError: report('poller') },
    pollerWaker.wake,
    stopping.signal,
  );
  const sequencer = {
    ...{ db, waker: sequencerWaker, onError: report('sequencer'), observer, followOrigins },
    room: () => deliveries.room().sync,
    onClaimed: deliveries.start,
    onQueued: pollerWaker.wake,
  };
  const loops = [
    runSequencer(sequencer, stopping.signal),
    runPoller({ db, deliveries, waker: pollerWaker, observer, onError: report('poller') }, stopping.signal),
    resident.listen({ channels, onError: report('listener') }, stopping.signal),
    runRetention(db, catalog, report('retention'), stopping.signal),
    options.verifier?.run(stopping.signal),
    runStatus(options, activity, report('status'), stopping.signal),
  ];
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      await deliveries.finished();
    },
  };
}

async function runStatus(
  { db, catalog, process, onBreakingMigrations }: PipelineOptions,
  activity: Activity,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  if (process === undefined) return;
  await runSampler({ db, catalog, process, activity, onBreakingMigrations, onError }, signal);
}

async function runRetention(db: Database, catalog: Catalog, onError: (error: unknown) => void, signal: AbortSignal) {
  while (!signal.aborted) {
    await delay(RETENTION_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    if (!signal.aborted) await forgetOld(db, catalog, onError);
  }
}
