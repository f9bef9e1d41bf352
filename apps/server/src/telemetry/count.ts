import type { Database } from '@hexclave/db';
import type { PipelineObserver } from '@hexclave/sync';
import type { Metrics } from './metrics.ts';
import type { BatchObserver } from './observe-connect.ts';
import type { DeliveryObserver } from './observe-deliver.ts';

const MS = 1_000;

/** Counts what sequencer and poller do. */
export function countPipeline(metrics: Metrics): PipelineObserver {
  return {
    onPass: ({ numbered, durationMs }) => {
      metrics.passes.inc();
      if (numbered === 0n) return;
      metrics.numberedRows.inc(Number(numbered));
      metrics.passSeconds.observe(durationMs / MS);
    },
    onWake: (part) => metrics.wakes.inc({ part }),
    onLeaseExtended: () => metrics.leaseExtensions.inc(),
  };
}

export function countDeliveries(metrics: Metrics): DeliveryObserver {
  return {
    onBegin: ({ kind, attempts, externalDatabaseId }) => {
      metrics.deliveriesUnderWay.inc({ kind });
      // A sync of one external database alone is queued for one that has failed.
      if (attempts > 0 || externalDatabaseId !== null) metrics.retries.inc({ kind });
    },
    onEnd: ({ kind }, result, durationMs) => {
      metrics.deliveriesUnderWay.dec({ kind });
      metrics.deliveries.inc({ kind, result });
      metrics.deliverySeconds.observe({ kind }, durationMs / MS);
    },
  };
}

export function countBatches(metrics: Metrics): BatchObserver {
  return {
    onConnect: (result) => metrics.connects.inc({ result }),
    onBatch: ({ mapping, way, result, rows, parked, bytes, durationMs }) => {
      metrics.batches.inc({ mapping, way, result });
      metrics.batchSeconds.observe({ way }, durationMs / MS);
      metrics.appliedRows.inc({ mapping }, rows);
      metrics.parkedRows.inc({ mapping }, parked);
      metrics.bytes.inc({ way }, bytes);
    },
  };
}

/** The pools of this process, by what they are for. Looked at when the metrics are read. */
export function countPools(metrics: Metrics, pools: Readonly<Record<string, Pick<Database, 'pool'>>>): () => void {
  return () => {
    for (const [name, { pool }] of Object.entries(pools)) {
      metrics.poolConnections.set({ pool: name, state: 'idle' }, pool.idleCount);
      metrics.poolConnections.set({ pool: name, state: 'busy' }, pool.totalCount - pool.idleCount);
      metrics.poolWaiting.set({ pool: name }, pool.waitingCount);
      metrics.poolLimit.set({ pool: name }, pool.options.max);
    }
  };
}
