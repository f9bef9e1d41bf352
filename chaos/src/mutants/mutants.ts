// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of the product, which has templates.
import { SEQUENCER_LOCK_KEY } from '@hexclave/sync';
import type { Mutant } from './mutant.ts';
import {
  columnDropped,
  everyKindOfWrite,
  killedWithClaim,
  lateBatch,
  lateRetry,
  rowRefused,
  targetAway,
} from './scenarios/batches.ts';
import { softDeletions } from './scenarios/deletions.ts';
import { killedAfterNumbering, lateLookup, lateTombstone, twoPassesAtOnce } from './scenarios/numbering.ts';
import { quietTargetRestored, sourceRestored, unnumberedChangesUndone } from './scenarios/restores.ts';
import { dropTriggers, rewriteFunction } from './sql.ts';

const NUMBERING = 'backfill_null_sequence_ids';
const DESTINATION = 'packages/destinations/postgres/src';
const ENGINE = 'packages/sync/src/engine';
const TELEMETRY = 'apps/server/src/telemetry';

/** The defects that the checker must find, every time. */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'no sequencer lock',
    alter: rewriteFunction(NUMBERING, `PERFORM pg_advisory_xact_lock(${SEQUENCER_LOCK_KEY});`, ''),
    scenario: twoPassesAtOnce,
    expects: ['lost', 'cursor ahead of data'],
  },
  {
    name: 'no fence',
    rewrites: [
      {
        file: `${DESTINATION}/names.ts`,
        find: 'return `DO ${quoteLiteral(body)}`;',
        replace: "return body && 'SELECT 1';",
      },
    ],
    scenario: lateBatch,
    expects: ['version regression'],
  },
  {
    name: 'fence that compares no cursor',
    rewrites: [{ file: `${DESTINATION}/names.ts`, find: 'AND m.last_synced_sequence_id = ${cursor} ', replace: '' }],
    scenario: lateBatch,
    expects: ['version regression'],
  },
  {
    name: 'cursor before data',
    rewrites: [
      {
        file: `${DESTINATION}/page.ts`,
        find: '[BEGIN, fence, ...removals(context, page), ...upserts, ...forget(context, page), move,',
        replace:
          "[BEGIN, fence, move, 'COMMIT', BEGIN, ...removals(context, page), ...upserts, ...forget(context, page),",
      },
    ],
    scenario: everyKindOfWrite,
    expects: ['cursor ahead of data'],
  },
  {
    name: 'request queued after commit',
    alter: rewriteFunction(
      NUMBERING,
      'unclaimed := "enqueue_tenant_sync"(ARRAY(SELECT unnest(touched) EXCEPT SELECT unnest(tenancies))) > 0;',
      'NULL;',
    ),
    scenario: killedAfterNumbering,
    expects: ['stale'],
  },
  {
    name: 'swallowed error of a database',
    rewrites: [{ file: `${ENGINE}/engine.ts`, find: 'await saveFailure(options.db, database, error);', replace: '' }],
    scenario: targetAway,
    expects: ['unsurfaced error'],
  },
  {
    name: 'swallowed error of a table',
    rewrites: [
      {
        file: `${ENGINE}/engine.ts`,
        find: 'await saveMappingFailure(options.db, database, mapping, failure);',
        replace: '',
      },
    ],
    scenario: columnDropped,
    expects: ['unsurfaced error'],
  },
  {
    name: 'lease that never expires',
    rewrites: [
      {
        file: 'packages/sync/src/outgoing-requests/claim.ts',
        find: `r."leaseExpiresAt" <= now() AND`,
        replace: 'false AND',
      },
    ],
    scenario: killedWithClaim,
    expects: ['stale'],
  },
  {
    name: 'tombstone beats re-created row',
    rewrites: [
      {
        file: 'packages/sync/src/compile/fetch.ts',
        find: "kind: `CASE WHEN ${lives} THEN 'skip' ELSE 'delete' END`",
        replace: "kind: `'delete'`",
      },
    ],
    scenario: lateTombstone,
    expects: ['lost'],
  },
  {
    name: 'trigger missing: updates of contact channels',
    alter: dropTriggers('ContactChannel', 'ContactChannel_reset_sequence_id_update'),
    scenario: everyKindOfWrite,
    expects: ['stale'],
  },
  {
    name: 'trigger missing: deleted members',
    alter: dropTriggers('TeamMember', 'TeamMember_log_deleted_row'),
    scenario: everyKindOfWrite,
    expects: ['zombie'],
  },
  {
    name: 'trigger missing: renamed teams',
    alter: dropTriggers('Team', 'Team_log_renamed_row'),
    scenario: everyKindOfWrite,
    expects: ['zombie'],
  },
  {
    name: 'trigger missing: truncated members',
    alter: dropTriggers('TeamMember', 'TeamMember_log_truncated_rows'),
    scenario: everyKindOfWrite,
    expects: ['zombie'],
  },
  {
    name: 'trigger missing: addresses that change at users',
    alter: dropTriggers('ContactChannel', 'ContactChannel_flag_users_by_primaryEmail_update'),
    scenario: everyKindOfWrite,
    expects: ['stale'],
  },
  {
    name: 'flagged rows are not flagged again',
    alter: rewriteFunction(
      'flag_users_by_primaryEmail',
      'AND NOT (t."shouldUpdateSequenceId" AND t.xmin = pg_current_xact_id()::xid)',
      'AND NOT t."shouldUpdateSequenceId"',
    ),
    scenario: lateLookup,
    expects: ['stale'],
  },
  {
    name: 'epochs are not compared',
    rewrites: [
      {
        file: `${ENGINE}/position.ts`,
        find: "if (position === null) return 'copy-anew';",
        replace: "return position === null ? 'copy-anew' : 'continue';",
      },
    ],
    scenario: sourceRestored,
    expects: ['lost', 'zombie'],
  },
  {
    name: 'a restore is known by numbers alone',
    rewrites: [
      {
        file: `${ENGINE}/position.ts`,
        find: 'if (sourceLsn === null) return true;',
        replace: 'if (later) return true;',
      },
    ],
    scenario: unnumberedChangesUndone,
    expects: ['lost', 'stale'],
  },
  {
    name: 'a named request believes the kept position',
    rewrites: [{ file: `${ENGINE}/engine.ts`, find: 'if (run.isNamed) kept.runs.clear();', replace: '' }],
    scenario: quietTargetRestored,
    expects: ['lost', 'stale', 'zombie'],
  },
  {
    name: 'a parked retry reads unsettled rows',
    rewrites: [
      {
        file: `${ENGINE}/parked.ts`,
        find: 'mapping, target, keys, position.cursor)',
        replace: 'mapping, target, keys, 9_223_372_036_854_775_807n)',
      },
    ],
    scenario: lateRetry,
    expects: ['version regression'],
  },
  {
    name: 'copies sweep nothing',
    rewrites: [
      { file: `${DESTINATION}/page.ts`, find: '[sql.sweepPage(page.sweep, keys)]', replace: '[]' },
      { file: `${DESTINATION}/stage.ts`, find: '[sql.sweepStaged(staging, rows.sweep)]', replace: '[]' },
    ],
    scenario: sourceRestored,
    expects: ['zombie'],
  },
  {
    name: 'rows of another tenancy',
    rewrites: [
      {
        file: 'packages/sync/src/compile/fetch.ts',
        find: 'WHERE ${tenancy} = $1 AND t."sequenceId" > ${cursor} ORDER BY',
        replace:
          'WHERE ${tenancy} = (SELECT max(x."id"::text)::uuid FROM "Tenancy" x WHERE x."projectId" <> \'internal\' AND $1::uuid IS NOT NULL) AND t."sequenceId" > ${cursor} ORDER BY',
      },
    ],
    scenario: everyKindOfWrite,
    expects: ['cross-tenant'],
  },
  {
    name: 'the last row of a page is left out',
    rewrites: [
      {
        file: `${ENGINE}/stream.ts`,
        find: "upserts: rows.filter((row) => row.kind === 'upsert').map((row) => row.values),",
        replace: "upserts: rows.slice(0, -1).filter((row) => row.kind === 'upsert').map((row) => row.values),",
      },
    ],
    scenario: everyKindOfWrite,
    expects: ['cursor ahead of data'],
  },
  {
    name: 'messages of drivers are shown',
    rewrites: [
      {
        file: `${DESTINATION}/classify.ts`,
        find: 'detail: objectsNamed(error as ServerError),',
        replace: 'detail: JSON.stringify(error),',
      },
    ],
    scenario: rowRefused,
    expects: ['secret leaked'],
  },
  {
    name: 'connections are logged',
    rewrites: [
      {
        file: `${DESTINATION}/session.ts`,
        find: 'const client = new pg.Client({',
        replace: 'console.log(JSON.stringify(connection));\n  const client = new pg.Client({',
      },
    ],
    scenario: everyKindOfWrite,
    expects: ['secret leaked'],
  },
  {
    name: 'soft deletions are hard',
    rewrites: [
      {
        file: `${DESTINATION}/apply-sql.ts`,
        find: "if (target.deleteMode === 'hard') return",
        replace: 'if (table) return',
      },
    ],
    scenario: softDeletions,
    expects: ['lost'],
  },
  {
    name: 'what lives again stays marked as deleted',
    rewrites: [
      {
        file: `${DESTINATION}/apply-sql.ts`,
        find: "if (target.deleteMode === 'soft') assignments.push(`${DELETED_AT} = NULL`);",
        replace: '',
      },
    ],
    scenario: softDeletions,
    expects: ['cursor ahead of data'],
  },
  {
    name: 'rows are labels of metrics',
    rewrites: [
      {
        file: `${TELEMETRY}/observe-connect.ts`,
        find: "const facts = { mapping: table.mapping, way: 'page' as const,",
        replace: "const facts = { mapping: JSON.stringify(page.upserts), way: 'page' as const,",
      },
    ],
    scenario: rowRefused,
    expects: ['secret leaked'],
  },
  {
    name: 'the status shows names of users',
    rewrites: [
      {
        file: 'packages/sync/src/status/facts.ts',
        find: 'd."connectionDisplay" AS connection, d."schemaName",',
        replace:
          'd."connectionDisplay" AS connection, (SELECT string_agg(u."displayName", \' \') FROM "ProjectUser" u WHERE u."tenancyId" = d."tenancyId") AS "schemaName",',
      },
    ],
    scenario: rowRefused,
    expects: ['secret leaked'],
  },
  {
    name: 'failures are not counted',
    rewrites: [{ file: 'apps/server/src/sync/pipeline.ts', find: 'telemetry.onFailure(code);', replace: '' }],
    scenario: targetAway,
    expects: ['unsurfaced error'],
  },
];
