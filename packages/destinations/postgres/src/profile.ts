import { quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import {
  type DestinationProfiling,
  type ExpectedIndex,
  explainSource,
  type Limits,
  type PageRow,
  type Probe,
  type ProfileSource,
  readServerFacts,
  type TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { compileApply } from './apply-sql.ts';
import { classify } from './classify.ts';
import { markOf } from './ddl.ts';
import type { Names } from './names.ts';
import { readBounded } from './transaction.ts';

/**
 * A profile gives way: it takes locks that are free, and whoever waits for its rows waits no longer than this. Less than a
 * batch of the engine waits before it gives up, so that no sync fails because of a profile. In ms.
 */
const LIMITS: Limits = { statementMs: 3_000, lockMs: 50 };

/** Measures what is applied to one target. `explain` gives errors their remedies. */
export function createProfiling(
  client: pg.Client,
  names: Names,
  explain: (error: unknown, target?: TargetTable) => Error,
): DestinationProfiling {
  return {
    probeApply: async (target, rows, fireTriggers) => {
      try {
        return await probeApply(client, names, target, rows, fireTriggers, (error) => explain(error, target));
      } catch (error) {
        throw explain(error, target);
      }
    },
  };
}

async function probeApply(
  client: pg.Client,
  names: Names,
  target: TargetTable,
  rows: readonly PageRow[],
  fireTriggers: boolean,
  explain: (error: unknown) => Error,
): Promise<Probe> {
  const [found] = await readBounded<Found>(client, lookAt(names, target));
  if (found === undefined) {
    const message = 'The table has not been copied yet, or was replaced by another one.';
    return { kind: 'skipped', reason: 'NOT_COPIED_YET', message };
  }
  if (found.triggers.length > 0 && !fireTriggers) {
    const message = `These would fire, and what they do outside of the transaction is not undone by its rollback: ${found.triggers.join(', ')}. Profile with triggers to run the statement all the same.`;
    return { kind: 'skipped', reason: 'TRIGGERS', message };
  }
  const table = names.table(target);
  const facts = await readServerFacts(client);
  const source = explainSource(client, facts, {
    text: compileApply(target, table).upsertPage(rows, false),
    before: [`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE NOWAIT`],
    limits: LIMITS,
  });
  return {
    kind: 'ready',
    source: explained(source, explain),
    indexes: [keyIndex(target, table, found)],
    server: facts.version,
  };
}

function explained(source: ProfileSource, explain: (error: unknown) => Error): ProfileSource {
  return {
    ...source,
    execute: async (queryId) => {
      try {
        await source.execute(queryId);
      } catch (error) {
        throw explain(classify(error));
      }
    },
  };
}

type Found = {
  /** The unique index that the upsert needs; `null`: there is none. */
  readonly keyIndex: string | null;
  /** Triggers and rules of the owner's that an upsert would fire. */
  readonly triggers: readonly string[];
};

function keyIndex(target: TargetTable, table: string, { keyIndex: name }: Found): ExpectedIndex {
  return {
    name: name ?? `${target.name}_pkey`,
    table: target.name,
    definition: `ALTER TABLE ${table} ADD PRIMARY KEY (${target.key.map((column) => id(column)).join(', ')});`,
    exists: name !== null,
  };
}

/** One row, if the table is there and ours. From the catalogue alone: a lock on the table does not keep it from being looked at. */
function lookAt(names: Names, target: TargetTable): string {
  const key = `ARRAY[${target.key.map(quoteLiteral).join(', ')}]::text[]`;
  return `SELECT
    (SELECT k.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class k ON k.oid = i.indexrelid
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indnkeyatts = pg_catalog.cardinality(${key})
        AND ${key} OPERATOR(pg_catalog.@>) ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])) ORDER BY 1 LIMIT 1) AS "keyIndex",
    ARRAY(SELECT 'trigger ' || t.tgname FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D'
        -- INSERT is 4, UPDATE 16.
        AND t.tgtype::int & 20 <> 0
      UNION ALL SELECT 'rule ' || r.rulename FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3') ORDER BY 1) AS triggers
  FROM pg_catalog.pg_class c
  WHERE c.relname = ${quoteLiteral(target.name)}::name
    AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ${quoteLiteral(names.schema)}::name)
    AND pg_catalog.obj_description(c.oid, 'pg_class') = ${quoteLiteral(markOf(target))}`;
}
