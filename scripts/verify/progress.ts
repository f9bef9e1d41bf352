import type { Verification } from '@hexclave/contract';
import { Presets, SingleBar } from 'cli-progress';
import { printable } from './report.ts';

export type Progress = { begin(): void; show(run: Verification): void; end(): void };

const silent: Progress = { begin: () => undefined, show: () => undefined, end: () => undefined };

/** A bar in a terminal, nothing elsewhere. */
export function createProgress(quiet: boolean): Progress {
  if (quiet || !process.stderr.isTTY) return silent;
  const bar = new SingleBar(
    { format: '  {bar} {percentage} %  {value}/{total} rows  {table}', stream: process.stderr, hideCursor: true },
    Presets.shades_classic,
  );
  return {
    begin: () => bar.start(1, 0, { table: '' }),
    show: (run) => {
      bar.setTotal(Math.max(run.rows_expected, run.rows_compared, 1));
      bar.update(run.rows_compared, { table: printable(run.mappings.at(-1)?.mapping ?? 'waiting') });
    },
    end: () => bar.stop(),
  };
}
