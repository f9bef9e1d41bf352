import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type RefObject, useMemo, useRef, useState } from 'react';
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
  cell: (row: Row) => ReactNode;
};

type DataTableProps<Row> = {
  /** What the rows are, for screen readers. */
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  initialSort?: Sort;
  /** Instead of rows when there are none. */
  empty: ReactNode;
  /** `filled`: takes the height that its page leaves, and scrolls by itself. `card`: without a frame of its own. */
  place?: 'filled' | 'card';
  rowHeight?: number;
};

const ROW_HEIGHT = 40;
const LEAST_WIDTH = 150;
/** Below that, rows are drawn all: nothing to gain, and the browser's own search finds them. */
const FEW = 100;

/** A table that only draws the rows that are seen, so that ten thousand scroll as ten do. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { label, columns, rows, initialSort, empty, place = 'card' } = props;
  const [sort, setSort] = useState(initialSort);
  const scroll = useRef<HTMLDivElement>(null);
  const sorted = useMemo(() => {
    const sortBy = columns.find(({ id }) => id === sort?.column)?.sortBy;
    return sort === undefined || sortBy === undefined ? rows : sortRows(rows, sortBy, sort.descending);
  }, [rows, columns, sort]);
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
        <table className={styles.table} aria-rowcount={sorted.length + 1} style={{ minWidth: leastWidthOf(columns) }}>
          <Head columns={columns} sort={sort} onSort={(column) => setSort(toggleSort(sort, column))} />
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

type HeadProps<Row> = { columns: readonly Column<Row>[]; sort: Sort | undefined; onSort: (column: string) => void };

function Head<Row>({ columns, sort, onSort }: HeadProps<Row>) {
  const direction = sort?.descending ? 'descending' : 'ascending';
  return (
    <thead>
      <tr aria-rowindex={1}>
        {columns.map(({ id, header, width, align, sortBy }) => (
          <th
            key={id}
            scope="col"
            className={align === 'end' ? styles.end : undefined}
            style={width === undefined ? undefined : { width }}
            {...(sort?.column === id && { 'aria-sort': direction })}
          >
            {sortBy === undefined ? (
              header
            ) : (
              <button type="button" className={styles.sort} onClick={() => onSort(id)}>
                {header}
                <Icon name={sort?.column === id && sort.descending ? 'down' : 'up'} size={12} />
              </button>
            )}
          </th>
        ))}
      </tr>
    </thead>
  );
}

type BodyProps<Row> = DataTableProps<Row> & { scroll: RefObject<HTMLDivElement | null> };

function Body<Row>({ columns, rows, rowKey, scroll, rowHeight = ROW_HEIGHT }: BodyProps<Row>) {
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: rows.length <= FEW ? FEW : 12,
    initialRect: { width: 1_000, height: 600 },
  });
  const items = virtualizer.getVirtualItems();
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
