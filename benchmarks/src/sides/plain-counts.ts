import { type Database, quoteIdentifier, quoteLiteral } from '@hexclave/db';
import { hexclaveCatalog } from '@hexclave/sync';

/** The rows behind as one would first count them: all that are past the cursor, or have no number yet. */
const BEHIND = hexclaveCatalog.mappings
  .map(({ name, table }) => {
    const state = `"ExternalDatabaseMappingState" s JOIN`;
    const past = (row: string) => `(${row}."sequenceId" > s."appliedSequenceId" OR ${row}."shouldUpdateSequenceId")`;
    const of = `s."mapping" = ${quoteLiteral(name)}`;
    return `SELECT s."tenancyId" FROM ${state} ${quoteIdentifier(table.name)} t ON t.${quoteIdentifier(table.tenancyColumn)} = s."tenancyId"
WHERE ${of} AND ${past('t')}
UNION ALL
SELECT s."tenancyId" FROM ${state} "DeletedRow" d ON d."tenancyId" = s."tenancyId" AND d."tableName" = ${quoteLiteral(table.name)}
WHERE ${of} AND ${past('d')}`;
  })
  .join('\nUNION ALL\n');

/** The rows that one project is behind. */
export function countProject(db: Database, tenancyId: string): Promise<object[]> {
  return db.query(`SELECT count(*) FROM (${BEHIND}) b WHERE b."tenancyId" = $1`, [tenancyId]);
}

/** A page of all projects, those that fail and those with most rows behind first, and how many there are. */
export function countProjects(db: Database, limit: number): Promise<object[]> {
  return db.query(
    `SELECT t."id", p."displayName", b.rows, f.failing, count(*) OVER () FROM "Tenancy" t JOIN "Project" p ON p."id" = t."projectId"
     LEFT JOIN (SELECT b."tenancyId", count(*) AS rows FROM (${BEHIND}) b GROUP BY 1) b ON b."tenancyId" = t."id"
     LEFT JOIN (SELECT s."tenancyId", count(*) AS failing FROM "ExternalDatabaseState" s WHERE s."errorCode" IS NOT NULL GROUP BY 1) f
       ON f."tenancyId" = t."id"
     ORDER BY f.failing DESC NULLS LAST, b.rows DESC NULLS LAST, lower(p."displayName") LIMIT $1`,
    [limit],
  );
}
