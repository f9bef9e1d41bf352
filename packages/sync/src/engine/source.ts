import type { Database, Statement } from '@hexclave/db';
import { type DeltaRow, LSN } from '../compile/fetch.ts';
import type { Position } from '../destination.ts';
import type { ExternalDatabase, FailureState, MappingFailureState, Route } from './external-database.ts';
import type { Epoch, SourceHistory } from './position.ts';

/** What a run starts from. */
export type Situation = {
  readonly enabled: boolean;
  /** `null` before the first number was ever handed out. */
  readonly epoch: string | null;
  readonly lastNumber: bigint;
  readonly databases: readonly ExternalDatabase[];
};

const SITUATION = `
  SELECT m."syncEngineEnabled" AS enabled, (SELECT e."id" FROM "SequenceEpoch" e ORDER BY e."ordinal" DESC LIMIT 1) AS epoch,
    CASE WHEN s.is_called THEN s.last_value ELSE 0 END AS "lastNumber", d."tenancyId", d."id", d."type", d."connectionCiphertext",
    d."connectionKeyId", d."schemaName", d."deleteMode", d."tables", d."resyncs", d."paused", d."generation",
    COALESCE(f."attempts", 0) AS attempts, COALESCE(f."nextAttemptAt" > now(), false) AS waiting, x."mappingFailures", x.cursors
  FROM "ExternalDbSyncMetadata" m CROSS JOIN "global_seq_id" s
  LEFT JOIN "ExternalDatabase" d ON d."tenancyId" = $1
  LEFT JOIN "ExternalDatabaseState" f ON f."tenancyId" = d."tenancyId" AND f."externalDatabaseId" = d."id"
  LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(x."mapping", jsonb_build_object('code', x."errorCode", 'attempts', x."attempts",
        'waiting', COALESCE(x."nextAttemptAt" > now(), false)))
        FILTER (WHERE x."errorCode" IS NOT NULL) AS "mappingFailures",
      jsonb_object_agg(x."mapping", x."appliedSequenceId"::text) FILTER (WHERE x."phase" = 'stream') AS cursors
    FROM "ExternalDatabaseMappingState" x WHERE x."tenancyId" = d."tenancyId" AND x."externalDatabaseId" = d."id") x ON true
  ORDER BY d."id"`;

type SituationRow = Omit<ExternalDatabase, 'failure' | 'mappingFailures' | 'cursors' | 'id'> &
  FailureState & {
    id: string | null;
    enabled: boolean;
    epoch: string | null;
    lastNumber: bigint;
    mappingFailures: Record<string, MappingFailureState> | null;
    cursors: Record<string, string> | null;
  };

/** Everything a run needs to know before it reads rows. */
export async function readSituation(db: Database, tenancyId: string): Promise<Situation> {
  return toSituation(await db.queryPrepared<SituationRow>(SITUATION, [tenancyId]));
}

/** The same together with the changes past the cursors of routes that are probably wanted: one round trip less. */
export async function readSituationAndDeltas(
  db: Database,
  tenancyId: string,
  groups: readonly (readonly Positioned[])[],
): Promise<{ situation: Situation; deltas: DeltaRow[][] }> {
  const deltas = groups.map((routes) => deltaStatement(tenancyId, routes));
  const [situation = [], ...rows] = await db.queryTogether([{ text: SITUATION, values: [tenancyId] }, ...deltas]);
  // The first are the rows of the first statement, the others those of the others.
  return { situation: toSituation(situation as SituationRow[]), deltas: rows as DeltaRow[][] };
}

function toSituation(rows: readonly SituationRow[]): Situation {
  const [first] = rows;
  return {
    enabled: first?.enabled === true,
    epoch: first?.epoch ?? null,
    lastNumber: first?.lastNumber ?? 0n,
    databases: rows.flatMap((row) => (row.id === null ? [] : [toExternalDatabase(row, row.id)])),
  };
}

function toExternalDatabase(row: SituationRow, id: string): ExternalDatabase {
  const failure = { attempts: row.attempts, waiting: row.waiting };
  const cursors = Object.entries(row.cursors ?? {}).map(([mapping, cursor]) => [mapping, BigInt(cursor)] as const);
  return { ...row, id, failure, mappingFailures: row.mappingFailures ?? {}, cursors: new Map(cursors) };
}

/** Whether a run may go on with a database: false once it is paused, changed, removed, or the fuse is off. */
export async function mayContinue(db: Database, database: ExternalDatabase): Promise<boolean> {
  const rows = await db.queryPrepared<{ ok: boolean }>(
    `SELECT m."syncEngineEnabled" AND EXISTS (SELECT 1 FROM "ExternalDatabase" d WHERE d."tenancyId" = $1 AND d."id" = $2
       AND d."generation" = $3 AND NOT d."paused") AS ok FROM "ExternalDbSyncMetadata" m`,
    [database.tenancyId, database.id, database.generation],
  );
  return rows[0]?.ok === true;
}

/** The history against which a target's positions are judged, by the source table of their mapping. */
export async function readHistories(db: Database, tenancyId: string): Promise<(sourceTable: string) => SourceHistory> {
  const [row] = await db.query<{
    epochs: { id: string; startsAfter: string; keptThrough: string | null }[] | null;
    lastNumber: bigint;
    lsn: bigint;
    pruned: Record<string, string> | null;
  }>(
    `SELECT (SELECT jsonb_agg(jsonb_build_object('id', e."id", 'startsAfter', e."startsAfter"::text,
         'keptThrough', (e."keptThrough" - '0/0')::text) ORDER BY e."ordinal") FROM "SequenceEpoch" e) AS epochs,
       (SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END FROM "global_seq_id" s) AS "lastNumber", ${LSN} AS lsn,
       (SELECT jsonb_object_agg(h."tableName", h."prunedThrough"::text) FROM "DeletedRowHorizon" h WHERE h."tenancyId" = $1) AS pruned`,
    [tenancyId],
  );
  const epochs: Epoch[] = (row?.epochs ?? []).map(({ id, startsAfter, keptThrough }) => ({
    id,
    startsAfter: BigInt(startsAfter),
    keptThrough: keptThrough === null ? null : BigInt(keptThrough),
  }));
  return (sourceTable) => ({
    epochs,
    lastNumber: row?.lastNumber ?? 0n,
    lsn: row?.lsn ?? 0n,
    tombstonesPrunedThrough: BigInt(row?.pruned?.[sourceTable] ?? 0),
  });
}

/** How far the write-ahead log has come: to be asked after rows were read, for the position that they lead to. */
export function readLsn(db: Database): Promise<bigint> {
  return readLsnOn(db.pool);
}

/** The same on one connection. */
export async function readLsnOn(connection: Pick<Database['pool'], 'query'>): Promise<bigint> {
  const { rows } = await connection.query<{ lsn: bigint }>(`SELECT ${LSN} AS lsn`);
  const [row] = rows;
  if (row === undefined) throw new Error('The database does not know its place in the log');
  return row.lsn;
}

/** Most rows and bytes of one page: a page is held in memory. */
export const PAGE_ROWS = 250;
export const PAGE_BYTES = 4_000_000;

/** A route and where its target is. */
export type Positioned = { readonly route: Route; readonly position: Position };

/** The changes past each route's cursor, for all routes in one statement. */
export function readDelta(db: Database, tenancyId: string, routes: readonly Positioned[]): Promise<DeltaRow[]> {
  const { text, values } = deltaStatement(tenancyId, routes);
  return db.queryPrepared<DeltaRow>(text, values);
}

/** The same, to be sent. */
export function deltaStatement(tenancyId: string, routes: readonly Positioned[]): Statement {
  // The limits are no parameters: a plan that is made before they are known would expect many more rows.
  const parts = routes.map(
    ({ route }, index) =>
      `(${route.fetch.delta(index, `$${index + 2}::bigint`, String(PAGE_ROWS), String(PAGE_BYTES))})`,
  );
  const cursors = routes.map(({ position }) => String(position.cursor));
  return {
    text: `${parts.join(' UNION ALL ')} ORDER BY 1, 2`,
    values: [tenancyId, ...cursors],
  };
}
