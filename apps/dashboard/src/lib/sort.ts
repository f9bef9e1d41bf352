export type Sort = { column: string; descending: boolean };

/** Names as people order them: `shop 9` before `shop 10`. One for all, since making one is slow. */
const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** The rows in order; rows without a value come last, whichever way. Equal rows keep their places. */
export function sortRows<Row>(
  rows: readonly Row[],
  sortBy: (row: Row) => string | number | null,
  descending: boolean,
): Row[] {
  const keyed = rows.map((row) => ({ row, key: sortBy(row) }));
  const sign = descending ? -1 : 1;
  return keyed.sort((a, b) => compare(a.key, b.key, sign)).map(({ row }) => row);
}

function compare(a: string | number | null, b: string | number | null, sign: number): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * collator.compare(String(a), String(b));
}

/** The next order when a column's header is pressed. `mostFirst`: what is looked for there is the most, not the least. */
export function toggleSort(sort: Sort | undefined, column: string, mostFirst = false): Sort {
  return { column, descending: sort?.column === column ? !sort.descending : mostFirst };
}
