import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import type { FigureResult } from './figure.ts';

/** The figures as a table for the terminal. */
export function renderTable(figures: readonly FigureResult[]): string {
  const table = new Table({
    head: ['figure', 'value', 'baseline', 'ratio', 'goal', ''],
    colAligns: ['left', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [] },
  });
  for (const figure of figures) {
    const withUnit = (value: number | null) => (value === null ? '' : `${formatNumber(value)} ${figure.unit}`);
    table.push([
      figure.name,
      withUnit(figure.value),
      withUnit(figure.baseline),
      figure.ratio === null ? '' : figure.ratio.toFixed(2),
      figure.goal,
      figure.met ? 'met' : 'MISSED',
    ]);
  }
  return table.toString();
}

function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value >= 100 ? 0 : 2 });
}

export async function writeJson(file: string, figures: readonly FigureResult[]): Promise<void> {
  await writeFile(file, `${JSON.stringify({ figures }, null, 2)}\n`);
}
