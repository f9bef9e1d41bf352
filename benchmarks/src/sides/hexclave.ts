import { randomUUID } from 'node:crypto';
import type { Database } from '@hexclave/db';
import { migrate } from '@hexclave/migrations';
import { compileCapture, numberAll } from '@hexclave/sync';
import type { Remote } from '@hexclave/testing/rpc';
import type { Bench } from '../bench.ts';
import { waitFor } from '../measure/wait.ts';
import type { EngineHandlers } from '../processes/engine.ts';
import { BENCH_MAPPING, BENCH_TABLE, benchCatalog } from '../workload/mapping.ts';
import { rowsSql, tenancyTableSql } from '../workload/rows.ts';
import { type BenchDatabase, createBenchDatabase } from './databases.ts';

/** An internal database with the benchmark's table beside the server's own, and one tenancy. */
export type Internal = BenchDatabase & { readonly tenancyId: string };

/** The captured table, quoted. */
export const TABLE = `"${BENCH_TABLE}"`;
/** Where it arrives. */
export const TARGET_TABLE = `hexclave.${BENCH_MAPPING}`;

const NUMBERING_MS = 15 * 60_000;

export async function createInternal(bench: Bench): Promise<Internal> {
  const { source } = await bench.clusters();
  const template = await bench.once('template', () => createTemplate(bench));
  const database = await createBenchDatabase(bench, source, 'internal', template);
  return { ...database, tenancyId: await addTenancy(database.db) };
}

/** Returns the name of a database that has all migrations and the benchmark's captured table. */
async function createTemplate(bench: Bench): Promise<string> {
  const { source } = await bench.clusters();
  const { name, connectionString, db } = await createBenchDatabase(bench, source, 'template');
  await migrate({ connectionString });
  await db.query(tenancyTableSql(TABLE));
  const { columns, indexes, triggers } = compileCapture(benchCatalog);
  for (const statement of [...columns, ...indexes, ...triggers]) await db.query(statement);
  await db.end();
  return name;
}

export async function addTenancy(db: Database): Promise<string> {
  const id = randomUUID();
  await db.query('INSERT INTO "Project" ("id", "displayName") VALUES ($1::text, $1)', [id]);
  await db.query('INSERT INTO "Tenancy" ("id", "projectId") VALUES ($1::uuid, $1::uuid::text)', [id]);
  return id;
}

/** Rows 1 to `rows` of the seed, numbered as they are once a server has run for a while. */
export async function fillInternal({ db, tenancyId }: Internal, seed: number, rows: number): Promise<void> {
  await db.query(
    `INSERT INTO ${TABLE} ("tenancyId", id, display_name, profile_image_url, primary_email, primary_email_verified, signed_up_at,
    client_metadata, client_read_only_metadata, server_metadata, is_anonymous) SELECT $1, r.* FROM (${rowsSql(seed, 1, rows)}) r`,
    [tenancyId],
  );
  await number(db);
}

/** Numbers everything that is flagged, and tidies up after it. */
export async function number(db: Database): Promise<void> {
  await numberAll(db, NUMBERING_MS);
  await db.query(`VACUUM (ANALYZE) ${TABLE}`);
}

/** The highest sequence id handed out. */
export async function lastNumber(db: Database): Promise<bigint> {
  const rows = await db.query<{ last: bigint }>(
    'SELECT /* benchmark */ CASE WHEN is_called THEN last_value ELSE 0 END AS last FROM "global_seq_id"',
  );
  return rows[0]?.last ?? 0n;
}

/** Makes an empty database on the target cluster for a tenancy to be copied to. */
export async function createExternal(bench: Bench): Promise<BenchDatabase> {
  const { target } = await bench.clusters();
  return createBenchDatabase(bench, target, 'external');
}

/**
 * Configures an external database, as its owner would: from here on the server copies into it, through `port` if given.
 * Once more, it changes the connection.
 */
export async function attach(internal: Internal, external: BenchDatabase, port?: number): Promise<void> {
  const url = new URL(external.connectionString);
  const connection = {
    host: url.hostname,
    port: port ?? Number(url.port),
    user: url.username,
    password: decodeURIComponent(url.password),
    database: external.name,
    tls: { mode: 'disable' },
  };
  await internal.db.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO "ExternalDatabase" ("tenancyId", "id", "connectionCiphertext", "connectionKeyId", "connectionDisplay")
       VALUES ($1, $2, $3, 'benchmark', '{}') ON CONFLICT ("tenancyId", "id") DO UPDATE
       SET "connectionCiphertext" = excluded."connectionCiphertext", "generation" = "ExternalDatabase"."generation" + 1`,
      [internal.tenancyId, external.name, Buffer.from(JSON.stringify(connection))],
    );
    await tx.query('SELECT "enqueue_tenant_sync"($1::uuid)', [internal.tenancyId]);
  });
}

/** Ends the copying into an external database, and the database. */
export async function detach(internal: Internal, external: BenchDatabase): Promise<void> {
  await internal.db.query('DELETE FROM "ExternalDatabase" WHERE "id" = $1', [external.name]);
  await external.drop();
}

/** Runs `work` with a process that has the pipeline running; fails when something went wrong in it. */
export async function withEngine<T>(bench: Bench, work: (engine: Remote<EngineHandlers>) => Promise<T>): Promise<T> {
  const engine = bench.start<EngineHandlers>('engine');
  try {
    await engine.call('failures');
    const result = await work(engine);
    const failures = await engine.call('failures');
    if (failures.length > 0) throw new Error(`The engine reported failures:\n${failures.slice(0, 5).join('\n')}`);
    await engine.call('stop');
    return result;
  } finally {
    await engine.stop();
  }
}

type PositionRow = { epoch: string | null; cursor: bigint; copying: boolean };

/** Waits until a target streams and has everything up to a sequence id. */
export async function untilApplied(
  bench: Bench,
  external: BenchDatabase,
  upTo: bigint,
  everyMs?: number,
): Promise<void> {
  let exists = false;
  await waitFor(
    async () => {
      exists ||= await metadataExists(external.db);
      if (!exists) return false;
      const [row] = await external.db.query<PositionRow>(
        `SELECT epoch, last_synced_sequence_id AS cursor, copy_progress IS NOT NULL AS copying FROM hexclave._hexclave_sync_metadata WHERE mapping_name = '${BENCH_MAPPING}'`,
      );
      return row !== undefined && row.epoch !== null && !row.copying && row.cursor >= upTo;
    },
    { describe: 'the pipeline to deliver', signal: bench.signal, everyMs },
  );
}

async function metadataExists(db: Database): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>(
    `SELECT to_regclass('hexclave._hexclave_sync_metadata') IS NOT NULL AS found`,
  );
  return row?.found === true;
}
