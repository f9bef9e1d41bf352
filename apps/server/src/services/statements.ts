import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs, type Database, type Queryable, type Retryability, retryability } from '@hexclave/db';
import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
} from 'kysely';
import type { InternalTables } from './schema.ts';

/** Builds statements only; they are run by the pool of @hexclave/db, which knows about timeouts and retries. */
export const build = new Kysely<InternalTables>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const ATTEMPTS = 4;
/** A database that cannot be reached may take its time to say so, and somebody is waiting for an answer. */
const CONNECTION_ATTEMPTS = 2;
const RETRY_BASE_MS = 20;
const RETRY_CAP_MS = 500;

/** Runs a statement of a transaction. */
export async function run<Row>(tx: Queryable, statement: Compilable<Row>): Promise<Row[]> {
  const { sql: text, parameters } = statement.compile();
  return (await tx.query<Row & object>(text, parameters)) as Row[];
}

/**
 * Runs a statement that is a transaction of its own, which spares the round trips of BEGIN and COMMIT. It is run again
 * when it failed as a whole and can succeed, never when it may have happened.
 */
export async function write<Row>(database: Database, statement: Compilable<Row>): Promise<Row[]> {
  return retrying(() => run(database, statement), ['transaction']);
}

/** Runs a statement that changes nothing: again also after a lost connection. */
export async function read<Row>(database: Database, statement: Compilable<Row>): Promise<Row[]> {
  return retrying(() => run(database, statement), ['transaction', 'connection']);
}

async function retrying<T>(work: () => Promise<T>, worthRetrying: Retryability[]): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const kind = retryability(error);
      const attempts = kind === 'connection' ? CONNECTION_ATTEMPTS : ATTEMPTS;
      if (attempt >= attempts || !worthRetrying.includes(kind)) throw error;
      await delay(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS));
    }
  }
}

/** A JSON value for a jsonb column; JSON null is stored as NULL. `undefined` leaves the column alone. */
export function jsonb(value: unknown): RawBuilder<unknown> | null | undefined {
  if (value === undefined || value === null) return value;
  return sql`${JSON.stringify(value)}::jsonb`;
}

/** Part of a text, in any case, for ILIKE. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`;
}
