import { describeError } from '@hexclave/errors';
import { figures } from './figures/index.ts';
import { type Options, readCommand, USAGE } from './options.ts';
import { renderTable, writeJson } from './report.ts';
import { run } from './run.ts';

/** Exit codes: 0 everything was measured, whether goals are met or not; 1 something failed; 130 Ctrl-C. */
async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  if (command.kind === 'help') console.log(USAGE);
  if (command.kind === 'list') console.log(figures.map((figure) => figure.name).join('\n'));
  return command.kind === 'run' ? measure(command.options) : 0;
}

async function measure(options: Options): Promise<number> {
  const stopping = new AbortController();
  process.on('SIGINT', () => stopping.abort(new Error('interrupted')));
  process.on('SIGTERM', () => stopping.abort(new Error('interrupted')));
  console.log(`${options.rows.toLocaleString('en-US')} rows, median of ${options.rounds}, seed ${options.seed}`);
  const outcome = await run({ options, signal: stopping.signal, silent: false });
  console.log(renderTable(outcome.figures));
  if (options.json !== null) await writeJson(options.json, outcome.figures);
  for (const { name, error } of outcome.errors) console.error(`${name} failed: ${describeError(error)}`);
  if (stopping.signal.aborted) return 130;
  return outcome.errors.length > 0 ? 1 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(describeError(error));
    process.exitCode = 1;
  },
);
