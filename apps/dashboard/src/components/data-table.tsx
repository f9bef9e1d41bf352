import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import { type Sort, sortRows, toggleSort } from '../lib/sort.ts';
import styles from './data-table.module.css';
import { Icon } from './icon.tsx';

export type Column<Row> = {
  id: string;
  header: string;
  /** A CSS width; the others share what is left. */
  width?: string;
  align?: 'end';
  /** Makes the column one to sort by. Rows without a value come last, whichever way. */
  sortBy?: (row: Row) => string | number | null;
  /** The first press of its header brings the largest values to the top, the next one the smallest. */
  mostFirst?: boolean;
  cell: (row: Row) => ReactNode;
};

type DataTableProps<Row> = {
  /** What the rows are, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  initialSort?: Sort;
  /** For rows that come in order, page by page: sorting is left to whoever gives them. */
  paged?: Paged;
  /** Instead of rows when there are none. */
  empty: ReactNode;
  /** `filled`: takes the height that its page leaves, and scrolls by itself. `card`: without a frame of its own. */
  place?: 'filled' | 'card';
  rowHeight?: number;
};

export type Paged = {
  sort: Sort;
  onSort: (sort: Sort) => void;
  /** The columns that can be sorted by. */
  sortable: readonly string[];
  /** Whether there are rows beyond these, and what brings some of them; called when they are about to be seen. */
  more: { isThere: boolean; load: () => void };
};

const ROW_HEIGHT = 40;
const LEAST_WIDTH = 150;
/** Below that, rows are drawn all: nothing to gain, and the browser's own search finds them. */
const FEW = 100;
/** More rows are asked for when so few are left below. */
const LOADED_AHEAD = 40;

/** A table that only draws the rows that are seen, so that ten thousand scroll as ten do. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, initialSort, paged, empty, place = 'card' } = props;
  const [ownSort, setOwnSort] = useState(initialSort);
  const scroll = useRef<HTMLDivElement>(null);
  const sort = paged?.sort ?? ownSort;
  const isSortedHere = paged === undefined;
  const sorted = useMemo(() => {
    const sortBy = columns.find(({ id }) => id === sort?.column)?.sortBy;
    const isDone = !isSortedHere || sort === undefined || sortBy === undefined;
    return isDone ? rows : sortRows(rows, sortBy, sort.descending);
  }, [rows, columns, sort, isSortedHere]);
  const setSort = (next: Sort) => (paged === undefined ? setOwnSort(next) : paged.onSort(next));
  const canSort = ({ id, sortBy }: Column<Row>) => paged?.sortable.includes(id) ?? sortBy !== undefined;
  return (
    <section
      ref={scroll}
      className={`${styles.scroll} ${place === 'filled' ? styles.filled : styles.inCard}`}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard.
      tabIndex={0}
    >
      {rows.length === 0 ? (
        empty
      ) : (
        <table
          className={styles.table}
          // -1: how many there are is not known.
          aria-rowcount={paged?.more.isThere ? -1 : sorted.length + 1}
          style={{ minWidth: leastWidthOf(columns) }}
        >
          <Head
            columns={columns}
            canSort={canSort}
            sort={sort}
            onSort={({ id, mostFirst }) => setSort(toggleSort(sort, id, mostFirst))}
          />
          <Body {...props} rows={sorted} scroll={scroll} />
        </table>
      )}
    </section>
  );
}

/** Where there is less room the table scrolls, instead of columns without a width of their own vanishing. */
function leastWidthOf<Row>(columns: readonly Column<Row>[]): number {
  const widths = columns.map(({ width }) => (width?.endsWith('px') ? Number.parseInt(width, 10) : LEAST_WIDTH));
  return widths.reduce((sum, width) => sum + width, 0);
}

type HeadProps<Row> = {
  columns: readonly Column<Row>[];
  canSort: (column: Column<Row>) => boolean;
  sort: Sort | undefined;
  onSort: (column: Column<Row>) => void;
};

function Head<Row>({ columns, canSort, sort, onSort }: HeadProps<Row>) {
  const direction = sort?.descending ? 'descending' : 'ascending';
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map((column) => {
          const { id, header, width, align } = column;
          return (
            <th
              key={id}
              scope="col"
              className={align === 'end' ? styles.end : undefined}
              style={width === undefined ? undefined : { width }}
              {...(sort?.column === id && { 'aria-sort': direction })}
            >
              {canSort(column) ? (
                <button type="button" className={styles.sort} onClick={() => onSort(column)}>
                  {header}
                  <Icon name={sort?.column === id && sort.descending ? 'down' : 'up'} size={12} />
                </button>
              ) : (
                header
              )}
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

type BodyProps<Row> = DataTableProps<Row> & { scroll: RefObject<HTMLDivElement | null> };

function Body<Row>({ columns, rows, rowKey, scroll, paged, rowHeight = ROW_HEIGHT }: BodyProps<Row>) {
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: rows.length <= FEW ? FEW : 12,
    initialRect: { width: 1_000, height: 600 },
  });
  const items = virtualizer.getVirtualItems();
  const isNearEnd = (items.at(-1)?.index ?? 0) >= rows.length - LOADED_AHEAD;
  useEffect(() => {
    if (isNearEnd && paged?.more.isThere) paged.more.load();
  });
  const above = items[0]?.start ?? 0;
  const below = virtualizer.getTotalSize() - (items.at(-1)?.end ?? 0);
  return (
    <tbody>
      <Spacer height={above} columns={columns.length} />
      {items.map(({ index }) => {
        const row = rows[index];
        return row === undefined ? null : (
          <tr key={rowKey(row)} aria-rowindex={index + 2} style={{ height: rowHeight }}>
            {columns.map(({ id, align, cell }) => (
              <td key={id} className={align === 'end' ? styles.end : undefined}>
                {cell(row)}
              </td>
            ))}
          </tr>
        );
      })}
      <Spacer height={below} columns={columns.length} />
      {paged?.more.isThere && (
        <tr className={styles.more}>
          <td colSpan={columns.length}>More are being loaded …</td>
        </tr>
      )}
    </tbody>
  );
}

/** Stands for the rows that are not drawn. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height <= 0) return null;
  return (
    <tr className={styles.spacer}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}
