import { parseArgs } from 'node:util';

export type Options = {
  /** The first seed. */
  readonly seed: number;
  readonly seeds: number;
  /** How long writes and faults go on in each run. */
  readonly seconds: number;
  /** Goes on to further seeds until so many minutes have passed. */
  readonly minutes: number | null;
  readonly json: string | null;
  /** Shows the run in docs/reliability.md. */
  readonly record: boolean;
  readonly mutants: boolean;
  /** Runs seeds against this mutant instead of the product: they have to fail. */
  readonly mutant: string | null;
  /** Runs this one plan, as a run that failed has written it. */
  readonly plan: string | null;
  readonly verbose: boolean;
};

export const USAGE = `npm run chaos -- [options]

  --seeds <n>     how many runs (25); each has a seed of its own
  --seconds <n>   how long writes and faults go on in each (5)
  --minutes <n>   as many runs as begin within so many minutes, instead of --seeds
  --seed <n>      the first seed; alone, repeats that one run and prints its trace
  --json <file>   write the table as JSON
  --record        show the run in docs/reliability.md as the latest long one
  --no-mutants    leave out the mutants
  --plan <file>   repeat a run that failed, made smaller, instead of a seed's
  --mutant <name> run seeds against a mutant: shows what a failure looks like
  --verbose       print every trace`;

const SEEDS = 25;
const SECONDS = 5;
const MOST_SEED = 1_000_000;

/** Reads the command line; `null` asks for the usage. Throws a sentence for the terminal. */
export function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seconds: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'string' },
      record: { type: 'boolean', default: false },
      plan: { type: 'string' },
      mutant: { type: 'string' },
      'no-mutants': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const seed = positive('seed', values.seed);
  const isSingle = seed !== undefined || values.plan !== undefined;
  const isReplay = isSingle && values.seeds === undefined && values.minutes === undefined;
  return {
    seed: seed ?? 1 + Math.floor(Math.random() * MOST_SEED),
    seeds: positive('seeds', values.seeds) ?? (isReplay ? 1 : SEEDS),
    seconds: positive('seconds', values.seconds) ?? SECONDS,
    minutes: positive('minutes', values.minutes) ?? null,
    json: values.json ?? null,
    record: values.record,
    mutants: !values['no-mutants'] && !isReplay && values.mutant === undefined,
    mutant: values.mutant ?? null,
    plan: values.plan ?? null,
    verbose: values.verbose || isReplay,
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
  return value;
}
