import { createBench } from './bench.ts';
import type { FigureResult } from './figure.ts';
import { figures } from './figures/index.ts';
import type { Options } from './options.ts';

export type RunOptions = { readonly options: Options; readonly signal: AbortSignal; readonly terminal: boolean };

/** What was measured, and what kept some of it from being measured. */
export type Outcome = {
  readonly figures: FigureResult[];
  readonly errors: { readonly name: string; readonly error: unknown }[];
};

/** Measures the chosen figures one after the other. One that fails does not keep the others from being measured. */
export async function run({ options, signal, terminal }: RunOptions): Promise<Outcome> {
  const unknown = options.only.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length > 0) throw new Error(`There is no figure called ${unknown.join(', ')}; --list names them`);
  const chosen = figures.filter((figure) => options.only.length === 0 || options.only.includes(figure.name));
  const outcome: Outcome = { figures: [], errors: [] };
  const bench = await createBench({ options, signal, terminal });
  try {
    bench.progress.begin(chosen.length);
    for (const figure of chosen) {
      if (signal.aborted) break;
      bench.progress.note(figure.name);
      await untilAborted(figure.measure(bench), signal).then(
        (results) => outcome.figures.push(...results),
        (error: unknown) => outcome.errors.push({ name: figure.name, error }),
      );
      bench.progress.done();
    }
  } finally {
    bench.progress.end();
    const errors = await bench.cleanup.run();
    for (const error of errors) outcome.errors.push({ name: 'cleanup', error });
  }
  return outcome;
}

/** Does not wait for a statement that runs for minutes: the server it runs on is stopped next. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}
