import type { Database } from '@hexclave/db';
import {
  type AttentionCounts,
  type Catalog,
  compileBacklog,
  countTenancies,
  type PipelineStatus,
  readAttention,
  readPipeline,
  readSnapshot,
  readTroubles,
  readUnnumbered,
  readVerificationTotals,
  type Troubles,
  type VerificationTotals,
} from '@hexclave/sync';
import type { Metrics } from './metrics.ts';

const MS = 1_000;
/** It goes over all external databases, and changes slowly. */
const VERIFICATION_MS = 60_000;

/** Reads what the database knows of the whole installation into its metrics: by the queries of the status, in one snapshot. */
export function installationReader(metrics: Metrics, db: Database, catalog: Catalog): () => Promise<void> {
  const sql = compileBacklog(catalog);
  let verification: VerificationTotals | undefined;
  let verificationAt = 0;
  const readVerification = async () => {
    if (verification !== undefined && performance.now() - verificationAt < VERIFICATION_MS) return verification;
    verification = await readVerificationTotals(db);
    verificationAt = performance.now();
    return verification;
  };
  return async () => {
    const facts = await readSnapshot(db, async (tx) => ({
      pipeline: await readPipeline(tx, sql),
      attention: (await readAttention(tx, await readUnnumbered(tx, sql), { limit: 0 })).counts,
      counts: await countTenancies(tx),
      troubles: await readTroubles(tx),
    }));
    const verified = await readVerification();
    // Values of labels that are gone, as of a code that no database fails with any more, must not stay behind.
    metrics.forgetInstallation();
    tellPipeline(metrics, facts.pipeline);
    tellProjects(metrics, facts.attention, facts.counts);
    tellTroubles(metrics, facts.troubles);
    tellVerification(metrics, verified);
  };
}

function tellPipeline(metrics: Metrics, { at, fusebox, pending, queue, lock, ...rest }: PipelineStatus): void {
  const ageOf = (moment: Date | null) => (moment === null ? 0 : Math.max(0, at.getTime() - moment.getTime()) / MS);
  metrics.switchOn.set({ switch: 'sequencer' }, Number(fusebox.sequencer));
  metrics.switchOn.set({ switch: 'poller' }, Number(fusebox.poller));
  metrics.switchOn.set({ switch: 'outgoing_requests' }, Number(fusebox.outgoingRequests));
  metrics.switchOn.set({ switch: 'sync_engine' }, Number(fusebox.syncEngine));
  for (const { table, rows } of pending) metrics.changesPending.set({ table }, rows);
  metrics.requests.set({ state: 'pending' }, queue.waiting);
  metrics.requests.set({ state: 'due' }, queue.due);
  metrics.requests.set({ state: 'retrying' }, queue.retrying);
  metrics.requests.set({ state: 'in_flight' }, queue.inFlight);
  metrics.requests.set({ state: 'stale' }, queue.stale);
  metrics.requests.set({ state: 'given_up' }, queue.givenUp);
  metrics.oldestDueSeconds.set(ageOf(queue.oldestDueAt));
  metrics.lockHeldSeconds.set(lock === null ? 0 : ageOf(lock.since));
  // Unknown before the first run: nothing is told, rather than that it was just now.
  if (rest.sequencerRanAt !== null) metrics.sequencerIdleSeconds.set(ageOf(rest.sequencerRanAt));
  if (rest.pollerRanAt !== null) metrics.pollerIdleSeconds.set(ageOf(rest.pollerRanAt));
  metrics.servers.set(rest.processes.length);
}

function tellProjects(
  metrics: Metrics,
  attention: AttentionCounts,
  counts: { readonly tenancies: number; readonly databases: number },
): void {
  const { failing, behind, paused } = attention;
  for (const [state, tenancies] of Object.entries(attention)) metrics.projects.set({ state }, tenancies);
  metrics.projects.set({ state: 'fresh' }, Math.max(0, counts.tenancies - failing - behind - paused));
  metrics.externalDatabases.set(counts.databases);
}

function tellTroubles(metrics: Metrics, { failing, longestFailingMs, paused, parkedRows }: Troubles): void {
  for (const [code, databases] of failing) metrics.failingDatabases.set({ code }, databases);
  metrics.longestFailingSeconds.set(longestFailingMs / MS);
  metrics.pausedDatabases.set(paused);
  metrics.parked.set(parkedRows);
}

function tellVerification(metrics: Metrics, verified: VerificationTotals): void {
  metrics.verificationAgeSeconds.set(verified.oldestAgeMs / MS);
  metrics.differing.set(verified.differingRows);
  metrics.repaired.set(verified.repairedRows);
  metrics.tombstones.set(verified.tombstones);
}
