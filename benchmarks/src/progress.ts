import { Presets, SingleBar } from 'cli-progress';

/** What the terminal shows while figures are measured. */
export type Progress = {
  /** How many figures there are. */
  begin(total: number): void;
  /** What is being done now. */
  note(text: string): void;
  /** A figure is done. */
  done(name: string, seconds: number): void;
  end(): void;
};

/** A bar where a person is looking, a line a figure in a log, and nothing when `silent`. */
export function createProgress(silent: boolean): Progress {
  if (silent) return { begin: ignore, note: ignore, done: ignore, end: ignore };
  if (process.stderr.isTTY !== true) {
    const done = (name: string, seconds: number) => console.error(`${name}: ${seconds.toFixed(0)} s`);
    return { begin: ignore, note: ignore, done, end: ignore };
  }
  const bar = new SingleBar(
    { format: '{bar} {value}/{total}  {duration_formatted}  {note}', hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  return {
    begin: (total) => bar.start(total, 0, { note: '' }),
    note: (text) => bar.update({ note: text }),
    done: () => bar.increment(),
    end: () => bar.stop(),
  };
}

function ignore(): void {}
