import { Presets, SingleBar } from 'cli-progress';

/** What the terminal shows while figures are measured. */
export type Progress = {
  /** How many figures there are. */
  begin(total: number): void;
  /** What is being done now. */
  note(text: string): void;
  /** One figure is done. */
  done(): void;
  end(): void;
};

/** A bar where a person is looking, silence in a log. */
export function createProgress(terminal: boolean): Progress {
  const bar = new SingleBar(
    {
      format: '{bar} {value}/{total}  {duration_formatted}  {note}',
      hideCursor: true,
      clearOnComplete: true,
      noTTYOutput: !terminal,
    },
    Presets.shades_classic,
  );
  if (!terminal || process.stderr.isTTY !== true) {
    return { begin: () => undefined, note: () => undefined, done: () => undefined, end: () => undefined };
  }
  return {
    begin: (total) => bar.start(total, 0, { note: '' }),
    note: (text) => bar.update({ note: text }),
    done: () => bar.increment(),
    end: () => bar.stop(),
  };
}
