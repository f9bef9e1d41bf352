import {
  type AppliedRows,
  type Beside,
  copySource,
  type DestinationProfiling,
  explainSource,
  keyOf,
  type Limits,
  type MeasuredSession,
  type Probe,
  type ProfileSource,
  readServerFacts,
  type TargetTable,
} from '@hexclave/sync';
import type pg from 'pg';
import { type ApplySql, compileApply } from './apply-sql.ts';
import { classify } from './classify.ts';
import type { Names } from './names.ts';
import { indexesFor, lookAt, type ProfiledTable } from './profiled-table.ts';
import { discard } from './session.ts';
import { STAGING } from './stage.ts';

/**
 * A profile gives way: it takes locks that are free, and whoever waits for its rows waits no longer than this. Less than a
 * batch of the engine waits before it gives up, so that no sync fails because of a profile. In ms.
 */
const LIMITS: Limits = { statementMs: 3_000, lockMs: 50 };

type Explain = (error: unknown, target?: TargetTable) => Error;

/** Measures what is applied to one target. `explain` gives errors their remedies. */
export function createProfiling(
  client: pg.Client,
  names: Names,
  openAnother: () => Promise<pg.Client>,
  explain: Explain,
): DestinationProfiling {
  return {
    probe: async (target, applied, fireTriggers) => {
      const explained = (error: unknown) => explain(classify(error), target);
      try {
        const found = await lookAt(client, names, target, applied.statement);
        const reason = reasonToSkip(found, fireTriggers);
        if (reason !== null || found === undefined) return reason ?? NOT_COPIED_YET;
        const server = await readServerFacts(client);
        const source = sourceOf({ client, server, beside: besideOf(openAnother) }, names, target, applied);
        const indexes = applied.statement === 'stage' ? [] : indexesFor(target, names.table(target), found);
        return { kind: 'ready', source: withErrors(source, explained), indexes, server: server.version };
      } catch (error) {
        throw explained(error);
      }
    },
  };
}

const NOT_COPIED_YET: Probe = {
  kind: 'skipped',
  reason: 'NOT_COPIED_YET',
  message: 'The table has not been copied yet, or was replaced by another one.',
};

function reasonToSkip(found: ProfiledTable | undefined, fireTriggers: boolean): Probe | null {
  if (found === undefined) return NOT_COPIED_YET;
  if (found.lasting.length === 0 || fireTriggers) return null;
  const message = `These would fire, and what they do outside of the transaction is not undone by its rollback: ${found.lasting.join(', ')}. Profile with triggers to run the statement all the same.`;
  return { kind: 'skipped', reason: 'TRIGGERS', message };
}

/** Opens a connection for one statement: rarely needed, and the one that is busy cannot run it. */
function besideOf(openAnother: () => Promise<pg.Client>): Beside {
  return async (sql) => {
    const another = await openAnother();
    try {
      await another.query(sql);
    } finally {
      discard(another);
    }
  };
}

function sourceOf(session: MeasuredSession, names: Names, target: TargetTable, applied: AppliedRows): ProfileSource {
  const table = names.table(target);
  const sql = compileApply(target, table);
  if (applied.statement === 'stage') {
    return copySource(session, { ...stagedRows(sql, applied.batch), limits: LIMITS });
  }
  const before = [`LOCK TABLE ${table} IN ROW EXCLUSIVE MODE NOWAIT`];
  return explainSource(session, { ...statementOf(sql, target, applied), before, limits: LIMITS });
}

function statementOf(sql: ApplySql, target: TargetTable, applied: Exclude<AppliedRows, { statement: 'stage' }>) {
  const staging = `pg_temp.${STAGING}`;
  switch (applied.statement) {
    case 'apply':
      return { text: sql.upsertPage(applied.rows, false) };
    case 'apply_deletions':
      return { text: sql.deletePage(applied.rows.map((row) => keyOf(target, row))) };
    case 'merge':
      return { text: sql.upsertStaged(staging, false), staged: stagedRows(sql, applied.batch) };
    case 'merge_deletions':
      return { text: sql.deleteStaged(staging), staged: stagedRows(sql, markDeleted(applied.batch)) };
  }
}

function stagedRows(sql: ApplySql, rows: Buffer) {
  return { create: sql.createStaging(STAGING), copy: `COPY pg_temp.${STAGING} FROM STDIN`, rows };
}

const NEW_LINE = '\n'.charCodeAt(0);
const TRUE = 't'.charCodeAt(0);

/** The same rows as if they had been deleted. In COPY's text format a line break ends a row and is never within one. */
function markDeleted(batch: Buffer): Buffer {
  const marked = Buffer.from(batch);
  let start = 0;
  do {
    marked[start] = TRUE;
    start = marked.indexOf(NEW_LINE, start) + 1;
  } while (start > 0 && start < marked.length);
  return marked;
}

function withErrors(source: ProfileSource, explained: (error: unknown) => Error): ProfileSource {
  return {
    ...source,
    execute: async (queryId, signal) => {
      try {
        await source.execute(queryId, signal);
      } catch (error) {
        throw explained(error);
      }
    },
  };
}
