import type { Queryable } from '@hexclave/db';
import { compileFetch, compileTargetTable, type DeclaredMapping, hexclaveCatalog } from '@hexclave/sync';
import type { Target } from '../stage/target.ts';

/** Rows of one mapping in one target that are not as they should be: keys, in lists of their kinds. */
export type Differences = {
  readonly target: string;
  readonly mapping: string;
  /** In the source, not in the target. */
  readonly lost: readonly string[];
  /** In both, with other values. */
  readonly stale: readonly string[];
  /** In the target, not in the source. */
  readonly extra: readonly string[];
};

type KeyedRow = { readonly key: string; readonly row: string };

/** Compares every table of a target with its mapping's own query, row by row, as text. */
async function findDifferences(internal: Queryable, target: Target): Promise<Differences[]> {
  const found: Differences[] = [];
  for (const mapping of hexclaveCatalog.mappings) {
    if (target.config.tables[mapping.name]?.enabled === false) continue;
    const differences = await compare(internal, target, mapping);
    if (differences.lost.length + differences.stale.length + differences.extra.length > 0) found.push(differences);
  }
  return found;
}

export async function findAllDifferences(internal: Queryable, targets: readonly Target[]): Promise<Differences[]> {
  return (await Promise.all(targets.map((target) => findDifferences(internal, target)))).flat();
}

async function compare(internal: Queryable, target: Target, mapping: DeclaredMapping): Promise<Differences> {
  const { schema, deleteMode, tables } = target.config;
  const table = compileTargetTable(mapping, tables[mapping.name] ?? {}, deleteMode);
  const columns = table.columns.map(({ name }) => `q."${name}"::text`).join(', ');
  const key = `concat_ws('/', ${table.key.map((name) => `q."${name}"::text`).join(', ')})`;
  const select = (from: string) => `SELECT ${key} AS key, md5(ROW(${columns})::text) AS row FROM ${from}`;
  const alive = deleteMode === 'soft' ? ' WHERE q.deleted_at IS NULL' : '';
  const [source, copy] = await Promise.all([
    internal.query<KeyedRow>(select(`(${compileFetch(mapping, table).everything}) q`), [target.tenancyId]),
    readCopy(target.db, select(`"${schema}"."${table.name}" q${alive}`)),
  ]);
  const expected = new Map(source.map((row) => [row.key, row.row]));
  const actual = new Map(copy.map((row) => [row.key, row.row]));
  return {
    target: `${target.tenancy}/${target.id}`,
    mapping: mapping.name,
    lost: [...expected.keys()].filter((one) => !actual.has(one)),
    stale: [...expected].filter(([one, row]) => actual.has(one) && actual.get(one) !== row).map(([one]) => one),
    extra: [...actual.keys()].filter((one) => !expected.has(one)),
  };
}

const UNDEFINED_TABLE = '42P01';

/** A table that is not there yet has no rows. */
async function readCopy(db: Queryable, select: string): Promise<KeyedRow[]> {
  try {
    return await db.query<KeyedRow>(select);
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return [];
    throw error;
  }
}
