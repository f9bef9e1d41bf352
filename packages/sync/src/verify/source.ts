import { type Database, quoteIdentifier as id, quoteLiteral } from '@hexclave/db';
import { columnSql, joins } from '../compile/fetch.ts';
import { COMPARABLE_SETTINGS, settingsSql } from '../compile/settings.ts';
import type { TargetTable } from '../compile/target-table.ts';
import type { DeclaredMapping } from '../declare/mapping.ts';
import type { ComparableRows, Digest, Piece, RowHash } from '../destination.ts';
import type { SourceError } from '../engine/bulk.ts';
import { isNoValue } from '../engine/keys.ts';
import { readComparable } from '../engine/settled.ts';
import { compileRanges, type RangeSql } from './range-sql.ts';

const SETTINGS = settingsSql({ ...COMPARABLE_SETTINGS, statement_timeout: '15000' });

/** The source's side of a comparison. */
export function sourceRows(
  db: Database,
  tenancyId: string,
  mapping: DeclaredMapping,
  target: TargetTable,
): ComparableRows {
  const typed = compileRanges(rowSet(mapping, target, tenancyId, true));
  const plain = compileRanges(rowSet(mapping, target, tenancyId, false));
  const read = async <Row extends object>(statement: (sql: RangeSql) => string): Promise<Row[]> => {
    try {
      return await readComparable<Row>(db, SETTINGS, { text: statement(typed) });
    } catch (error) {
      // Not a value of the target's type: as long as the row is refused there, it is compared as it is here.
      if (!isNoValue((error as SourceError).cause)) throw error;
      return readComparable<Row>(db, SETTINGS, { text: statement(plain) });
    }
  };
  return {
    pieces: (range, limit, step) => read<Piece>((sql) => sql.pieces(range, limit, step)),
    digests: async (ranges, limit) => {
      const found = await read<Digest & { index: number }>((sql) => sql.digests(ranges, limit));
      return found.sort((a, b) => a.index - b.index);
    },
    rowHashes: (range, limit) => read<RowHash>((sql) => sql.rowHashes(range, limit)),
  };
}

/** Through text, as values travel: a number of one type may be another one when it is cast instead. */
function rowSet(mapping: DeclaredMapping, target: TargetTable, tenancyId: string, typed: boolean) {
  const { table } = mapping;
  return {
    from: `FROM ${id(table.name)} t${joins(mapping)} WHERE t.${id(table.tenancyColumn)} = ${quoteLiteral(tenancyId)}`,
    key: Object.keys(table.key).map((column) => `t.${id(column)}`),
    keyTypes: Object.values(table.key),
    columns: target.columns.map(
      ({ name, type }) => `(${columnSql(mapping, name)})::text${typed && type !== 'text' ? `::${type}` : ''}`,
    ),
  };
}

/**
 * Whether the numbering is in the epoch that the database thinks. After a restart or a restore it is not until the sequencer
 * has made its next pass, and until then numbers say nothing.
 */
export async function isEpochCertain(db: Database): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM "SequenceEpoch" e JOIN "SequenceEpochWitness" w ON w."epochId" = e."id"
     WHERE e."ordinal" = (SELECT max(x."ordinal") FROM "SequenceEpoch" x) AND e."postmasterStartedAt" = pg_postmaster_start_time()`,
  );
  return rows.length > 0;
}
