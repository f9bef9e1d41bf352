import { type BenchSetup, createBench } from './bench.ts';
import type { FigureResult } from './figure.ts';
import { figures } from './figures/index.ts';

/** What was measured, and what kept some of it from being measured. */
export type Outcome = {
  readonly figures: FigureResult[];
  readonly errors: { readonly name: string; readonly error: unknown }[];
};

/** Measures the chosen figures one after the other. One that fails does not keep the others from being measured. */
export async function run(setup: BenchSetup): Promise<Outcome> {
  const { options, signal } = setup;
  const unknown = options.only.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length > 0) throw new Error(`There is no figure called ${unknown.join(', ')}; --list names them`);
  const chosen = figures.filter((figure) => options.only.length === 0 || options.only.includes(figure.name));
  const outcome: Outcome = { figures: [], errors: [] };
  const bench = await createBench(setup);
  try {
    bench.progress.begin(chosen.length);
    for (const figure of chosen) {
      if (signal.aborted) break;
      bench.progress.note(figure.name);
      const started = performance.now();
      await untilAborted(figure.measure(bench), signal).then(
        (results) => outcome.figures.push(...results),
        (error: unknown) => outcome.errors.push({ name: figure.name, error }),
      );
      bench.progress.done(figure.name, (performance.now() - started) / 1000);
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
