import { Presets, SingleBar } from 'cli-progress';
import type { Context } from '../context.ts';
import { printable } from './printable.ts';

/** A bar on standard error: in a terminal, and nothing elsewhere. */
export type Progress = {
  /** `total` may grow. `label`: what is being done now. */
  show(done: number, total: number, label: string): void;
  end(): void;
};

const silent: Progress = { show: () => undefined, end: () => undefined };

export function createProgress(unit: string, { stderr, options }: Context): Progress {
  if (options.json || !stderr.isTTY) return silent;
  const bar = new SingleBar(
    { format: `  {bar} {percentage} %  {value}/{total} ${unit}  {label}`, stream: stderr, hideCursor: true },
    Presets.shades_classic,
  );
  bar.start(1, 0, { label: '' });
  return {
    show: (done, total, label) => {
      bar.setTotal(Math.max(total, done, 1));
      bar.update(done, { label: printable(label) });
    },
    end: () => bar.stop(),
  };
}
