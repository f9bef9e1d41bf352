import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HexclaveError } from '@hexclave/errors';
import { createdIndex, splitStatements } from './statements.ts';

/** `breaking`: a Hexclave that does not know this migration must not work on the database any more. */
export type Compatibility = 'safe' | 'breaking';

export type MigrationFile = {
  /** The file's name without `.sql`: `0001_core`. */
  name: string;
  sql: string;
  sha256: string;
  compatibility: Compatibility;
  execution: Execution;
};

/**
 * `whole`: in one transaction. `concurrent` (`-- transaction: none`): indexes, one statement after the other. `batches`
 * (`-- transaction: batches`): one statement that is run again and again, see backfill.ts.
 */
export type Execution = 'whole' | 'concurrent' | 'batches';

const EXECUTIONS = { each: 'whole', none: 'concurrent', batches: 'batches' } as const;
const FILE_NAME = /^(\d{4})_[a-z0-9_]+\.sql$/;

/** The folder of this package's migrations when it runs from source; a bundle passes its own. */
export const SOURCE_DIRECTORY = fileURLToPath(new URL('../sql/', import.meta.url));

/** Reads all migrations in the order of their numbers, and refuses a folder that leaves room for doubt. */
export async function readMigrations(directory: string): Promise<MigrationFile[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw invalid(`The folder ${directory} cannot be read.`, cause);
  });
  const fileNames = names.filter((name) => name.endsWith('.sql')).sort();
  if (fileNames.length === 0) throw invalid(`The folder ${directory} holds no .sql files.`);
  fileNames.forEach(checkNumber);
  return Promise.all(
    fileNames.map(async (name) => parseMigration(name, await readFile(join(directory, name), 'utf8'))),
  );
}

function checkNumber(fileName: string, index: number): void {
  const number = Number(FILE_NAME.exec(fileName)?.[1]);
  if (number !== index + 1) {
    const expected = String(index + 1).padStart(4, '0');
    throw invalid(`${fileName} should be named ${expected}_<lower_case_words>.sql: numbers have no gap and no double.`);
  }
}

export function parseMigration(fileName: string, text: string): MigrationFile {
  // Git may check files out with other line endings; the digest must not depend on that.
  const sql = text.replaceAll('\r\n', '\n');
  const migration: MigrationFile = {
    name: fileName.replace(/\.sql$/, ''),
    sql,
    sha256: createHash('sha256').update(sql).digest('hex'),
    compatibility: readHeader(fileName, sql, 'compatibility', ['safe', 'breaking']),
    execution: EXECUTIONS[readHeader(fileName, sql, 'transaction', ['each', 'none', 'batches'], 'each')],
  };
  if (migration.execution === 'concurrent') checkConcurrent(fileName, sql);
  if (migration.execution === 'batches') checkBatches(fileName, sql);
  return migration;
}

/** All values of `-- name: value` in the comment at a file's top, in their order. */
export function readHeaders(sql: string, name: string): string[] {
  const header = /^(?:--.*\n|\s*\n)*/.exec(sql)?.[0] ?? '';
  return [...header.matchAll(new RegExp(`^-- ${name}:[ \\t]*(.*\\S)[ \\t]*$`, 'gm'))].map(([, value]) => value ?? '');
}

/** The one value of `-- name: value`. */
function readHeader<Value extends string>(
  fileName: string,
  sql: string,
  name: string,
  allowed: readonly Value[],
  fallback?: Value,
): Value {
  const found = readHeaders(sql, name)[0] ?? fallback;
  const value = allowed.find((candidate) => candidate === found);
  if (value === undefined) throw invalid(`${fileName} needs a line "-- ${name}: ${allowed.join('|')}" at its top.`);
  return value;
}

/** Anything else would leave a half-done migration behind a crash, and could hold a lock without limit. */
function checkConcurrent(fileName: string, sql: string): void {
  const other = splitStatements(sql).find(
    (statement) => !/^\s*(CREATE|DROP|REINDEX)\b.*\bCONCURRENTLY\b/is.test(statement),
  );
  if (other !== undefined)
    throw invalid(
      `${fileName} has "-- transaction: none", so it may only create or drop indexes CONCURRENTLY: ${other}`,
    );
  const once = splitStatements(sql).find((statement) => !canRunAgain(statement));
  if (once === undefined) return;
  throw invalid(
    `${fileName} could not go on after it was cut short: give each index a name, and drop it with IF EXISTS: ${once}`,
  );
}

/** An index without a name would be built twice, and one that is gone already could not be dropped. */
function canRunAgain(statement: string): boolean {
  if (/^CREATE\b/i.test(statement)) return createdIndex(statement) !== undefined;
  return !/^DROP\b/i.test(statement) || /^DROP\s+INDEX\s+CONCURRENTLY\s+IF\s+EXISTS\b/i.test(statement);
}

/** Each batch is a transaction of its own, so there is nothing that two statements could be undone with. */
function checkBatches(fileName: string, sql: string): void {
  const size = readHeaders(sql, 'batch-size')[0];
  // A batch of no rows would end the back-fill before its first one.
  if (size !== undefined && !/^[1-9]\d{0,5}$/.test(size))
    throw invalid(`${fileName} has "-- batch-size: ${size}", which is no whole number from 1 to 999999.`);
  const found = splitStatements(sql).length;
  if (found === 1 && /\$1\b/.test(sql) && /\$2\b/.test(sql)) return;
  throw invalid(
    `${fileName} has "-- transaction: batches", so it must be one statement that goes on after the key $1 with $2 rows.`,
  );
}

function invalid(message: string, cause?: unknown): HexclaveError {
  return new HexclaveError({
    code: 'MIGRATION_FILES_INVALID',
    message,
    remedy: 'Correct the file, or restore the folder of migrations that came with this version.',
    cause,
  });
}
