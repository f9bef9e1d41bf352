import type { Database, Queryable } from '@hexclave/db';
import { type Catalog, noteOrigin } from '@hexclave/sync';
import { currentTraceparent, currentWriter } from './context.ts';

/**
 * A database whose writes of tracked rows are found again when they arrive: the first one of a traced request notes the
 * trace, in the same transaction. Without a trace, nothing is different.
 */
export function noteWrites(database: Database, catalog: Catalog): Database {
  const tables = catalog.tables.map(({ name }) => name).join('|');
  const tracked = new RegExp(`\\b(?:insert into|update|delete from) "(?:${tables})"`, 'i');
  const queryAndNote = async <Row extends object>(tx: Queryable, text: string, values?: readonly unknown[]) => {
    const rows = await tx.query<Row>(text, values);
    if (tracked.test(text)) await note(tx);
    return rows;
  };
  return {
    ...database,
    query: (text, values) => {
      if (!isToBeNoted() || !tracked.test(text)) return database.query(text, values);
      // One statement becomes two. Whoever asked says how often it is tried again.
      return database.transaction((tx) => queryAndNote(tx, text, values), { attempts: 1 });
    },
    transaction: (work, options) => {
      if (!isToBeNoted()) return database.transaction(work, options);
      const noting = (tx: Queryable) => work({ query: (text, values) => queryAndNote(tx, text, values) });
      return database.transaction(async (tx) => {
        forgetNote();
        return noting(tx);
      }, options);
    },
  };
}

/** Whether this is a traced request that writes and has not said so yet. */
function isToBeNoted(): boolean {
  const writer = currentWriter();
  return writer !== undefined && !writer.noted && currentTraceparent() !== undefined;
}

async function note(tx: Queryable): Promise<void> {
  const writer = currentWriter();
  const tenancyId = writer?.tenancyId();
  const traceparent = currentTraceparent();
  if (writer === undefined || writer.noted || tenancyId === undefined || traceparent === undefined) return;
  await noteOrigin(tx, { tenancyId, traceparent });
  writer.noted = true;
}

/** What an attempt has noted that was rolled back is gone. */
function forgetNote(): void {
  const writer = currentWriter();
  if (writer !== undefined) writer.noted = false;
}
