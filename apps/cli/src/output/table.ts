import Table from 'cli-table3';
import { printable } from './printable.ts';
import type { Styles } from './styles.ts';

/** A cell: a text, which is made printable, and how it is coloured. */
export type Cell = string | { readonly text: string; readonly style: (text: string) => string };

export type Column = { readonly name: string; readonly align?: 'left' | 'right' };

const GAP = 2;
const NARROWEST = 8;
const NO_LINES = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
  ].map((name) => [name, '']),
);

/** Rows below the names of their columns. In a terminal that is too narrow, the widest column is cut. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], styles: Styles): string {
  const shown = new Table({
    head: columns.map(({ name }) => styles.dim(name)),
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true },
    colAligns: columns.map(({ align = 'left' }) => align),
    colWidths: widths(columns, rows, styles.width),
    truncate: '…',
  });
  shown.push(...rows.map((row) => row.map(cellText)));
  return shown
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Names and values, one a line. */
export function list(entries: readonly (readonly [name: string, value: Cell])[], styles: Styles): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${styles.dim(name.padEnd(width))}  ${cellText(value)}`).join('\n');
}

function cellText(cell: Cell): string {
  return typeof cell === 'string' ? printable(cell) : cell.style(printable(cell.text));
}

function widths(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  available: number | undefined,
): (number | null)[] {
  if (available === undefined) return columns.map(() => null);
  const natural = columns.map(({ name }, index) => Math.max(name.length, ...rows.map((row) => lengthOf(row[index]))));
  let excess = natural.reduce((sum, width) => sum + width + GAP, 0) - available;
  const result: (number | null)[] = columns.map(() => null);
  while (excess > 0) {
    const widest = natural.indexOf(Math.max(...natural));
    const before = natural[widest] ?? 0;
    const after = Math.max(NARROWEST, before - excess);
    if (after >= before) break;
    natural[widest] = after;
    result[widest] = after + GAP;
    excess -= before - after;
  }
  return result;
}

function lengthOf(cell: Cell | undefined): number {
  if (cell === undefined) return 0;
  return printable(typeof cell === 'string' ? cell : cell.text).length;
}
