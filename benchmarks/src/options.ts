import { parseArgs } from 'node:util';

export type Options = {
  readonly quick: boolean;
  /** Rows of the tables that are compared. */
  readonly rows: number;
  readonly seed: number;
  /** How often each side of a comparison is measured; the median counts. */
  readonly rounds: number;
  /** Names of figures; empty: all. */
  readonly only: readonly string[];
  /** Where the figures are written as JSON. */
  readonly json: string | null;
};

const QUICK_ROWS = 20_000;
const FULL_ROWS = 200_000;
const ROUNDS = 3;

export const USAGE = `npm run bench -- [options]

  --quick          20,000 rows, under two minutes (otherwise 200,000)
  --only <names>   only these figures, separated by commas; --list names them
  --json <file>    write the figures as JSON
  --rows <n>       another number of rows
  --rounds <n>     how often each side is measured (3); the median counts
  --seed <n>       repeat a run with the same random values
  --list           name the figures and end`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'list' }
  | { readonly kind: 'run'; readonly options: Options };

/** Reads the command line; throws a sentence for the terminal. */
export function readCommand(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      json: { type: 'string' },
      rows: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return { kind: 'help' };
  if (values.list) return { kind: 'list' };
  return {
    kind: 'run',
    options: {
      quick: values.quick,
      rows: positive('rows', values.rows) ?? (values.quick ? QUICK_ROWS : FULL_ROWS),
      seed: positive('seed', values.seed) ?? Math.floor(Math.random() * 1_000_000),
      rounds: positive('rounds', values.rounds) ?? ROUNDS,
      only: values.only.split(',').filter((name) => name !== ''),
      json: values.json ?? null,
    },
  };
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
  return value;
}
