import { Presets, SingleBar } from 'cli-progress';

const MARKS = { passed: '✓', failed: '✗', leftOut: '–' } as const;
export type Outcome = keyof typeof MARKS;

/** What the terminal shows while tests run. */
export type Progress = {
  note(text: string): void;
  begin(what: string, files: number): void;
  /** A test file has ended, or was not begun. */
  done(file: string, outcome: Outcome): void;
  end(): void;
};

/** A bar where a person is looking, and a line a file in a log. */
export function createProgress(): Progress {
  const note = (text: string) => console.error(text);
  if (process.stderr.isTTY !== true) {
    const begin = (what: string, files: number) => note(`${what}: ${files} test files`);
    return { note, begin, done: (file, outcome) => note(`${MARKS[outcome]} ${file}`), end: () => undefined };
  }
  const bar = new SingleBar(
    { format: '{what} {bar} {value}/{total}  {duration_formatted}  {file}', hideCursor: true, clearOnComplete: true },
    Presets.shades_classic,
  );
  return {
    note,
    begin: (what, files) => bar.start(files, 0, { what, file: '' }),
    done: (file) => bar.increment(1, { file }),
    end: () => bar.stop(),
  };
}
