import { z } from '@hono/zod-openapi';
import { millis, pageQuery, searchQuery } from './fields.ts';

const count = (description: string) => z.int().openapi({ description });
const rate = (description: string) => z.number().openapi({ description });
const time = (description: string) => millis.nullable().openapi({ description });

export const syncState = z.enum(['fresh', 'behind', 'failing', 'paused']).openapi('SyncState', {
  description:
    '`failing`: an attempt at it, or at one of its tables, failed and is tried again. `behind`: it has waited for some ' +
    'change for more than five seconds, or its first copy is under way. `fresh`: neither. `paused`: its owner has stopped it.',
});

const precision = z.enum(['exact', 'at_least', 'about']).openapi('CountPrecision', {
  description:
    '`at_least`: counting stopped there, so that the answer stays quick. `about`: an estimate, as during a copy, from ' +
    "the statistics of the source's table.",
});

export const syncError = z
  .object({
    code: z.string().openapi({ description: 'One of those in the reference of errors.', example: 'TARGET_DISK_FULL' }),
    sql_state: z.string().nullable().openapi({ example: '53100' }),
    message: z.string().openapi({ description: 'What happened, in a sentence without values of rows.' }),
    remedy: z.string().openapi({ description: 'What to do: the SQL or the setting that puts it right.' }),
    failing_since_millis: millis,
    attempts: count('How many have failed in a row.'),
    next_attempt_at_millis: time('Null, or past: it is due.'),
  })
  .openapi('SyncError');

const behind = {
  rows_behind: count('Changed and deleted rows that are still to come.'),
  rows_behind_precision: precision,
  oldest_unsynced_at_millis: time(
    'When the oldest change was made that has not arrived, to about ten seconds once it has waited for long. Null: nothing is ' +
      'missing, or that is not known, as during a first copy.',
  ),
};

export const mappingSyncStatus = z
  .object({
    mapping: z.string().openapi({ example: 'users' }),
    source_table: z.string().openapi({ example: 'ProjectUser' }),
    target_table: z.string().openapi({ description: 'Without its schema.', example: 'users' }),
    state: syncState,
    phase: z.enum(['waiting', 'copy', 'stream']).openapi({
      description: '`waiting`: nothing was ever applied. `copy`: all rows are copied. `stream`: changes are.',
    }),
    copy: z
      .object({
        rows_copied: count('Since this copy began, parked rows not counted.'),
        rows_expected: count('An estimate from the statistics of the table.').nullable(),
      })
      .nullable()
      .openapi({ description: 'Only during a copy.' }),
    ...behind,
    cursor: z.string().openapi({ description: 'A 64-bit number as text: all changes up to it are applied.' }),
    last_applied_at_millis: time('When a row was last written.'),
    rows_per_second: rate('Rows written, about over the last half minute.'),
    rows_applied: count('Rows written since the external database was added.'),
    parked_rows: count('Rows that the external database refuses. They are tried again, and hold up no others.'),
    parked_rows_remedy: z
      .string()
      .nullable()
      .openapi({ description: 'The SQL that says which rows are parked and why. Null: none are.' }),
    differing_rows: count('Rows that a verification found different and could not put right.'),
    verified_through_millis: time('Every row was found right at some moment since then.'),
    verification_error: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).nullable(),
    error: syncError.nullable(),
  })
  .openapi('MappingSyncStatus');

export const externalDatabaseSyncStatus = z
  .object({
    id: z.string().openapi({ example: 'main' }),
    type: z.string().openapi({ example: 'postgres' }),
    connection: z
      .object({ host: z.string(), port: z.int(), database: z.string(), user: z.string() })
      .openapi({ description: 'Nothing of it is secret.' }),
    schema: z.string().openapi({ example: 'hexclave' }),
    delete_mode: z.enum(['hard', 'soft']),
    paused: z.boolean(),
    created_at_millis: millis,
    state: syncState,
    fresh_through_millis: time(
      'All changes that were made up to then are there. Null: that cannot be said, as during a first copy.',
    ),
    behind_millis: z
      .number()
      .nullable()
      .openapi({ description: 'The age of the oldest change that is not there yet; 0: all are.' }),
    ...behind,
    rows_per_second: rate('Of all tables.'),
    parked_rows: count('Of all tables.'),
    last_applied_at_millis: time('When a row was last written.'),
    last_succeeded_at_millis: time('When it last answered as it should; told once a minute.'),
    verified_through_millis: time('When the last whole verification began that left no difference.'),
    error: syncError.nullable().openapi({ description: 'Of the external database as a whole; tables have their own.' }),
    mappings: z.array(mappingSyncStatus).openapi({ description: 'The tables that are copied.' }),
  })
  .openapi('ExternalDatabaseSyncStatus');

/** Who moved a switch, when and why, the fusebox itself says. */
export const fuseboxPositions = z
  .object({ sequencer: z.boolean(), poller: z.boolean(), outgoing_requests: z.boolean(), sync_engine: z.boolean() })
  .openapi('FuseboxPositions');

const pendingOfTable = z
  .object({
    table: z.string().openapi({ example: 'ProjectUser' }),
    rows: count('Changed rows without a number; `DeletedRow` stands for deleted ones.'),
    rows_precision: precision,
  })
  .openapi('PendingRows');

const requestCounts = {
  pending: count('Waiting, those included that wait for their next attempt.'),
  pending_precision: precision,
  due: count('Waiting, and could be delivered now.'),
  in_flight: count('Being delivered.'),
  stale: count('Their process has died or hangs; others take them over.'),
  retrying: count('Waiting after a failure.'),
  oldest_due_at_millis: time('Since when the oldest one that is due has been waiting.'),
  next_attempt_at_millis: time('When the next of those is due that are not yet.'),
};

export const sequencerStatus = z
  .object({
    enabled: z.boolean(),
    pending: z.array(pendingOfTable),
    rows_per_second: rate('Numbers given out, about over the last half minute.'),
    last_number: z.string().openapi({ description: 'A 64-bit number as text.' }),
    last_run_at_millis: time('Of any server.'),
    lock: z
      .object({
        process_id: z.int().openapi({ description: 'Of the connection, as in pg_stat_activity.' }),
        application_name: z.string(),
        client_address: z.string().nullable(),
        held_since_millis: millis,
      })
      .nullable()
      .openapi({ description: 'Who is numbering at this very moment. Null: nobody.' }),
  })
  .openapi('SequencerStatus');

export const pipelineStatus = z
  .object({
    fusebox: fuseboxPositions,
    sequencer: sequencerStatus,
    poller: z.object({ enabled: z.boolean(), last_run_at_millis: time('Of any server.') }).openapi('PollerStatus'),
    outgoing_requests: z
      .object({
        enabled: z.boolean(),
        ...requestCounts,
        given_up: count('HTTP requests whose attempts are used up; a sync never is.'),
      })
      .openapi('OutgoingRequestsStatus'),
    sync_engine: z
      .object({ enabled: z.boolean(), rows_per_second: rate('Rows written into all external databases.') })
      .openapi('SyncEngineStatus'),
    servers: z
      .array(
        z.object({
          id: z.uuid(),
          host: z.string(),
          process_id: z.int(),
          version: z.string(),
          started_at_millis: millis,
          seen_at_millis: millis,
          deliveries: count('Under way there when it was last seen.'),
        }),
      )
      .openapi({ description: 'Processes that drive the pipeline, seen within the last half minute.' }),
  })
  .openapi('PipelineStatus');

/** What a project sees of the pipeline: what is its own, and what the operator has switched off. */
export const projectPipelineStatus = z
  .object({
    fusebox: fuseboxPositions,
    pending: z.array(pendingOfTable),
    requests: z.object(requestCounts),
  })
  .openapi('ProjectPipelineStatus');

export const projectSyncStatus = z
  .object({
    scope: z.literal('tenancy'),
    at_millis: millis.openapi({ description: 'By the clock of the internal database, as all times here.' }),
    project_id: z.string(),
    branch_id: z.string(),
    tenancy_id: z.uuid(),
    state: syncState.nullable().openapi({ description: 'The worst of its databases; null: there is none.' }),
    external_databases: z.array(externalDatabaseSyncStatus),
    pipeline: projectPipelineStatus,
  })
  .openapi('ProjectSyncStatus');

export const projectSyncSummary = z
  .object({
    tenancy_id: z.uuid(),
    project_id: z.string(),
    branch_id: z.string(),
    display_name: z.string(),
    state: syncState,
    external_databases: count('All of them.'),
    failing: count('External databases that fail, wholly or in part.'),
    paused: count('External databases that are paused.'),
    ...behind,
    behind_millis: z.number().nullable(),
    failing_since_millis: time('Of the one that has failed for longest.'),
    error: z
      .object({ external_database_id: z.string(), code: z.string(), message: z.string() })
      .nullable()
      .openapi({ description: 'Of that one.' }),
    parked_rows: count('Of all tables.'),
    last_applied_at_millis: time('When a row was last written.'),
  })
  .openapi('ProjectSyncSummary');

const totals = z
  .object({
    projects: count('With at least one external database.'),
    external_databases: count('All of them.'),
    fresh: count('Projects.'),
    behind: count('Projects.'),
    failing: count('Projects.'),
    paused: count('Projects.'),
  })
  .openapi('SyncTotals');

export const allSyncStatus = z
  .object({
    scope: z.literal('all'),
    at_millis: millis,
    totals,
    pipeline: pipelineStatus,
    is_paginated: z.literal(true),
    items: z
      .array(projectSyncSummary)
      .openapi({ description: 'Projects, or branches of them, with at least one external database.' }),
    pagination: z.object({
      limit: z.number().int(),
      next_cursor: z.string().nullable().openapi({ description: 'The cursor of the next page; null on the last.' }),
    }),
  })
  .openapi('AllSyncStatus');

export const syncStatus = z.discriminatedUnion('scope', [projectSyncStatus, allSyncStatus]).openapi('SyncStatus');

const scope = z
  .enum(['tenancy', 'all'])
  .default('tenancy')
  .openapi({ description: '`tenancy`: one project. `all`: every one, only with the key of the project `internal`.' });
const projectId = z.string().max(256).optional().openapi({
  description: 'With the key of the project `internal`: which one is meant. Default: the project of the key.',
});
const externalDatabaseId = z.string().max(1_000).optional();

export const statusQuery = z.strictObject({
  scope,
  project_id: projectId,
  ...pageQuery(50, 200),
  cursor: z.string().max(2_000, 'is not a cursor of this list').optional(),
  query: searchQuery.optional().openapi({ description: '`all`: part of the name or of the id of the project.' }),
  state: syncState.optional().openapi({ description: '`all`: only projects in that state.' }),
  sort: z
    .enum(['state', 'lag', '-lag', 'name', '-name'])
    .default('state')
    .openapi({
      description:
        '`all`: `state` begins with what needs most attention: failing, the longest first; behind, the oldest change first; ' +
        'paused; and then the others by name. `lag` begins with the project whose oldest unsynced change is the oldest, `-lag` ' +
        'with that of which it is the youngest, as about ten seconds ago; what is fresh or lacks nothing follows by name.',
    }),
});

export const streamQuery = z.strictObject({
  scope,
  project_id: projectId,
  last_event_id: z.string().max(100).optional().openapi({
    description: 'The id of the last event that was received, for clients that cannot send the header `Last-Event-ID`.',
  }),
});

/** The data of the event `snapshot`: everything, to begin with or to begin anew. */
export const statusSnapshot = z
  .discriminatedUnion('scope', [
    projectSyncStatus,
    z.object({
      scope: z.literal('all'),
      at_millis: millis,
      totals,
      pipeline: pipelineStatus,
      projects: z.array(projectSyncSummary).openapi({ description: 'Those that are not fresh, the worst first.' }),
      projects_left_out: count('Beyond those; they are on the pages of the status.'),
    }),
  ])
  .openapi('StatusSnapshot');

/** The data of the event `change`: only what is different. What is not named is as it was. */
export const statusChange = z
  .discriminatedUnion('scope', [
    z.object({
      scope: z.literal('tenancy'),
      at_millis: millis,
      external_databases: z.array(externalDatabaseSyncStatus).optional(),
      removed_external_databases: z.array(z.string()).optional(),
      pipeline: projectPipelineStatus.optional(),
    }),
    z.object({
      scope: z.literal('all'),
      at_millis: millis,
      totals: totals.optional(),
      pipeline: pipelineStatus.optional(),
      projects: z
        .array(projectSyncSummary)
        .optional()
        .openapi({ description: 'Those that are not fresh and have changed, and those that have just become fresh.' }),
      removed_projects: z.array(z.uuid()).optional().openapi({ description: 'Ids of tenancies that are gone.' }),
    }),
  ])
  .openapi('StatusChange');

const statusEnd = z
  .object({
    reason: z.enum(['server_stopping', 'too_slow', 'time_is_up', 'project_deleted', 'no_longer_allowed']).openapi({
      description:
        '`time_is_up`: after some minutes. `no_longer_allowed`: the key was revoked or has expired. Connect anew after all but the last two.',
    }),
  })
  .openapi('StatusEnd');

export const statusEvent = z
  .union([statusSnapshot, statusChange, z.object({ at_millis: millis }).openapi('StatusHeartbeat'), statusEnd])
  .openapi('StatusEvent');

export const historyQuery = z.strictObject({ scope, project_id: projectId, external_database_id: externalDatabaseId });

const mappingSample = z.object({ rows_per_second: z.number(), rows_behind: z.int().nullable() });

export const statusHistory = z
  .object({
    at_millis: millis,
    from_millis: millis.openapi({ description: 'An hour before.' }),
    pipeline: z
      .array(
        z.object({
          at_millis: millis,
          rows_numbered_per_second: z.number(),
          rows_applied_per_second: z.number(),
          rows_pending: count('Changed rows without a number, of all tables.'),
          requests_pending: z.int(),
          requests_in_flight: z.int(),
          oldest_due_millis: z
            .number()
            .openapi({ description: 'How long the oldest request had been due; 0: none was.' }),
          failing_projects: z.int(),
        }),
      )
      .openapi({ description: 'With `scope=all`: about every ten seconds.' }),
    external_databases: z
      .array(
        z.object({
          external_database_id: z.string(),
          samples: z.array(
            z.object({
              at_millis: millis,
              rows_per_second: z.number(),
              rows_behind: z.int().nullable(),
              behind_millis: z.number().nullable(),
              mappings: z.record(z.string(), mappingSample),
            }),
          ),
        }),
      )
      .openapi({ description: 'With `scope=tenancy`: about every half minute in which anything happened.' }),
  })
  .openapi('StatusHistory');

export type SyncState = z.output<typeof syncState>;
export type CountPrecision = z.output<typeof precision>;
export type SyncError = z.output<typeof syncError>;
export type MappingSyncStatus = z.output<typeof mappingSyncStatus>;
export type ExternalDatabaseSyncStatus = z.output<typeof externalDatabaseSyncStatus>;
export type FuseboxPositions = z.output<typeof fuseboxPositions>;
export type PipelineStatus = z.output<typeof pipelineStatus>;
export type ProjectPipelineStatus = z.output<typeof projectPipelineStatus>;
export type ProjectSyncStatus = z.output<typeof projectSyncStatus>;
export type ProjectSyncSummary = z.output<typeof projectSyncSummary>;
export type SyncTotals = z.output<typeof totals>;
export type AllSyncStatus = z.output<typeof allSyncStatus>;
export type StatusQuery = z.output<typeof statusQuery>;
export type StatusSnapshot = z.output<typeof statusSnapshot>;
export type StatusChange = z.output<typeof statusChange>;
export type StatusEndReason = z.output<typeof statusEnd>['reason'];
export type StatusHistory = z.output<typeof statusHistory>;
