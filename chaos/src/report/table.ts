import { writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { type Report, rowsOf } from './rows.ts';

/** For the terminal. */
export function renderTable(report: Report): string {
  const table = new Table({ colAligns: ['left', 'right'], style: { head: [], border: [] } });
  table.push(...rowsOf(report));
  return table.toString();
}

export async function writeJson(file: string, report: Report): Promise<void> {
  await writeFile(file, `${JSON.stringify(report, null, 2)}\n`);
}
