import type {
  CountPrecision,
  ExternalDatabaseSyncStatus,
  MappingSyncStatus,
  PipelineStatus,
  ProjectPipelineStatus,
  ProjectSyncStatus,
  ProjectSyncSummary,
  SyncError,
} from '@hexclave/contract';
import { parkedRowsSql } from '@hexclave/destination-postgres';
import {
  type Behind,
  behindTogether,
  type DatabaseStatus,
  earliest,
  type FailureFacts,
  latest,
  type MappingStatus,
  PIPELINE_LIMIT,
  type TenancyStatus,
  type TenancyStatuses,
  type PipelineStatus as WholePipeline,
} from '@hexclave/sync';

type Fusebox = WholePipeline['fusebox'];
type PendingRows = TenancyStatus['pending'];

const millisOf = (date: Date | null | undefined): number | null => date?.getTime() ?? null;
const precisionOf = (count: number, limit: number): CountPrecision => (count >= limit ? 'at_least' : 'exact');

/** Backlogs are counted up to so many rows of a table: some milliseconds. */
export const DETAIL_LIMIT = 10_000;

/** One project, as its owner sees it. */
export function projectStatus(status: TenancyStatus, { at, fusebox }: TenancyStatuses): ProjectSyncStatus {
  return {
    scope: 'tenancy',
    at_millis: at.getTime(),
    project_id: status.projectId,
    branch_id: status.branchId,
    tenancy_id: status.tenancyId,
    state: status.state,
    external_databases: status.databases.map((database) => databaseStatus(database, at)),
    pipeline: projectPipeline(status, fusebox),
  };
}

/** One line of the list of all projects. */
export function projectSummary(status: TenancyStatus, at: Date): ProjectSyncSummary {
  const { databases } = status;
  const behind = behindTogether(databases.map((database) => database.behind));
  const worst = longestFailing(databases);
  return {
    tenancy_id: status.tenancyId,
    project_id: status.projectId,
    branch_id: status.branchId,
    display_name: status.displayName,
    state: status.state ?? 'fresh',
    external_databases: databases.length,
    failing: databases.filter(({ state }) => state === 'failing').length,
    paused: databases.filter(({ state }) => state === 'paused').length,
    ...behindFields(behind),
    behind_millis: behind.rows === 0 ? 0 : behind.since && at.getTime() - behind.since.getTime(),
    failing_since_millis: millisOf(worst?.failure.failingSince),
    error: worst && {
      external_database_id: worst.id,
      code: worst.failure.errorCode ?? '',
      message: worst.failure.errorMessage ?? '',
    },
    parked_rows: databases.reduce((sum, { parkedRows }) => sum + parkedRows, 0),
    last_applied_at_millis: millisOf(latest(databases.map(({ lastAppliedAt }) => lastAppliedAt))),
  };
}

function longestFailing(databases: readonly DatabaseStatus[]): { id: string; failure: FailureFacts } | null {
  const failures = databases.flatMap(({ facts, mappings }) =>
    [facts, ...mappings.flatMap((mapping) => mapping.facts ?? [])]
      .filter(({ errorCode }) => errorCode !== null)
      .map((failure) => ({ id: facts.id, failure })),
  );
  const first = earliest(failures.map(({ failure }) => failure.failingSince));
  return failures.find(({ failure }) => failure.failingSince === first) ?? null;
}

function behindFields({ rows, precision, since }: Behind) {
  return { rows_behind: rows, rows_behind_precision: precision, oldest_unsynced_at_millis: millisOf(since) };
}

export function databaseStatus(database: DatabaseStatus, at: Date): ExternalDatabaseSyncStatus {
  const { facts, freshThrough } = database;
  const { host, port, user } = facts.connection;
  return {
    id: facts.id,
    type: facts.type,
    connection: { host, port, database: facts.connection.database, user },
    schema: facts.schemaName,
    delete_mode: facts.deleteMode,
    paused: facts.paused,
    created_at_millis: facts.createdAt.getTime(),
    state: database.state,
    fresh_through_millis: millisOf(freshThrough),
    behind_millis: freshThrough && at.getTime() - freshThrough.getTime(),
    ...behindFields(database.behind),
    rows_per_second: database.rowsPerSecond,
    parked_rows: database.parkedRows,
    last_applied_at_millis: millisOf(database.lastAppliedAt),
    last_succeeded_at_millis: millisOf(facts.lastSucceededAt),
    verified_through_millis: millisOf(facts.verifiedThrough),
    error: errorOf(facts, at),
    mappings: database.mappings.map((mapping) => mappingStatus(mapping, database, at)),
  };
}

function mappingStatus(status: MappingStatus, { facts: database }: DatabaseStatus, at: Date): MappingSyncStatus {
  const { facts, copy } = status;
  const parked = Number(facts?.parkedRows ?? 0);
  return {
    mapping: status.mapping,
    source_table: status.sourceTable,
    target_table: status.targetTable,
    state: status.state,
    phase: status.phase,
    copy: copy && { rows_copied: copy.copied, rows_expected: copy.expected },
    ...behindFields(status.behind),
    cursor: String(facts?.cursor ?? 0n),
    last_applied_at_millis: millisOf(facts?.lastAppliedAt),
    rows_per_second: status.rowsPerSecond,
    rows_applied: Number(facts?.rowsApplied ?? 0),
    parked_rows: parked,
    parked_rows_remedy: parked === 0 ? null : parkedRowsSql(database.schemaName, status.mapping),
    differing_rows: Number(facts?.differingRows ?? 0),
    verified_through_millis: millisOf(facts?.verifiedThrough),
    verification_error: verificationError(facts),
    error: facts && errorOf(facts, at),
  };
}

function verificationError(facts: MappingStatus['facts']): MappingSyncStatus['verification_error'] {
  const code = facts?.verificationErrorCode ?? null;
  if (code === null) return null;
  return { code, message: facts?.verificationErrorMessage ?? '', remedy: facts?.verificationErrorRemedy ?? '' };
}

function errorOf(facts: FailureFacts, at: Date): SyncError | null {
  if (facts.errorCode === null) return null;
  return {
    code: facts.errorCode,
    sql_state: facts.errorSqlState,
    message: facts.errorMessage ?? '',
    remedy: facts.errorRemedy ?? '',
    failing_since_millis: (facts.failingSince ?? at).getTime(),
    attempts: facts.attempts,
    next_attempt_at_millis: millisOf(facts.nextAttemptAt),
  };
}

function positionsOf({ sequencer, poller, outgoingRequests, syncEngine }: Fusebox) {
  return { sequencer, poller, outgoing_requests: outgoingRequests, sync_engine: syncEngine };
}

function pendingFields(pending: PendingRows, limit: number) {
  return pending.map(({ table, rows }) => ({ table, rows, rows_precision: precisionOf(rows, limit) }));
}

export function projectPipeline(
  { pending, requests }: Pick<TenancyStatus, 'pending' | 'requests'>,
  fusebox: Fusebox,
): ProjectPipelineStatus {
  return {
    fusebox: positionsOf(fusebox),
    pending: pendingFields(pending, DETAIL_LIMIT),
    requests: {
      pending: requests?.waiting ?? 0,
      pending_precision: 'exact',
      due: requests?.due ?? 0,
      in_flight: requests?.inFlight ?? 0,
      stale: requests?.stale ?? 0,
      retrying: requests?.retrying ?? 0,
      oldest_due_at_millis: millisOf(requests?.oldestDueAt),
      next_attempt_at_millis: millisOf(requests?.nextAttemptAt),
    },
  };
}

/** The pipeline of all projects, as the operator sees it. */
export function pipelineStatus(status: WholePipeline): PipelineStatus {
  const { fusebox, queue } = status;
  return {
    fusebox: positionsOf(fusebox),
    sequencer: {
      enabled: fusebox.sequencer,
      pending: pendingFields(status.pending, PIPELINE_LIMIT),
      rows_per_second: status.numberedPerSecond,
      last_number: String(status.lastNumber),
      last_run_at_millis: millisOf(status.sequencerRanAt),
      lock: lockOf(status.lock),
    },
    poller: { enabled: fusebox.poller, last_run_at_millis: millisOf(status.pollerRanAt) },
    outgoing_requests: {
      enabled: fusebox.outgoingRequests,
      pending: queue.waiting,
      pending_precision: precisionOf(queue.waiting, PIPELINE_LIMIT),
      due: queue.due,
      in_flight: queue.inFlight,
      stale: queue.stale,
      retrying: queue.retrying,
      oldest_due_at_millis: millisOf(queue.oldestDueAt),
      next_attempt_at_millis: millisOf(queue.nextAttemptAt),
      given_up: queue.givenUp,
    },
    sync_engine: { enabled: fusebox.syncEngine, rows_per_second: status.appliedPerSecond },
    servers: status.processes.map((server) => ({
      id: server.id,
      host: server.host,
      process_id: server.processId,
      version: server.version,
      started_at_millis: server.startedAt.getTime(),
      seen_at_millis: server.seenAt.getTime(),
      deliveries: server.deliveries,
    })),
  };
}

function lockOf(lock: WholePipeline['lock']): PipelineStatus['sequencer']['lock'] {
  return (
    lock && {
      process_id: lock.processId,
      application_name: lock.applicationName,
      client_address: lock.clientAddress,
      held_since_millis: lock.since.getTime(),
    }
  );
}
