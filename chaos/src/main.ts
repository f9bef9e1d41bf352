import { describeError } from '@hexclave/errors';
import { checkMutants } from './mutants/check-mutants.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { makePlan } from './plan/plan.ts';
import { record } from './report/record.ts';
import type { Report } from './report/rows.ts';
import { renderTable, writeJson } from './report/table.ts';
import { addUp, neverStruck } from './report/totals.ts';
import { type Ground, runOnNewStage, type SeedResult, shrinkSeed } from './run-seed.ts';
import { startClusters } from './stage/clusters.ts';

/** Exit codes: 0 nothing was found and every mutant was; 1 otherwise; 130 Ctrl-C. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(USAGE);
    return 0;
  }
  const stopping = new AbortController();
  process.on('SIGINT', () => stopping.abort());
  const clusters = await startClusters();
  try {
    const ground = { clusters, script: await clusters.bundler.bundle('plain') };
    const results = await runSeeds(ground, options, stopping.signal);
    const mutants = options.mutants && !stopping.signal.aborted ? await checkMutants(clusters, console.log) : [];
    const report: Report = { totals: addUp(results.map(({ outcome }) => outcome)), mutants };
    console.log(renderTable(report));
    if (options.json !== null) await writeJson(options.json, report);
    if (stopping.signal.aborted) return 130;
    if (options.record) await record(report, process.argv.slice(2));
    return isClean(report) ? 0 : 1;
  } finally {
    await clusters.stop();
  }
}

function isClean({ totals, mutants }: Report): boolean {
  const found = totals.notConverged > 0 || Object.values(totals.violations).some((runs) => runs > 0);
  const silent = neverStruck(totals);
  for (const name of silent) console.error(`No fault of this kind has struck: ${name}`);
  return !found && silent.length === 0 && mutants.every(({ killed }) => killed);
}

async function runSeeds(ground: Ground, options: Options, signal: AbortSignal): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  const until = options.minutes === null ? null : performance.now() + options.minutes * 60_000;
  const isOver = () => (until === null ? results.length >= options.seeds : performance.now() > until);
  for (let seed = options.seed; !isOver() && !signal.aborted; seed++) {
    const plan = makePlan(seed, options.seconds);
    console.log(`seed ${seed}: ${plan.transactions.length} transactions, ${plan.faults.length} faults`);
    const result = await runOnNewStage(ground, plan, options.verbose ? console.log : undefined);
    results.push(result);
    if (result.outcome.violations.length > 0) await explain(ground, options, result);
  }
  return results;
}

/** What a person needs to look into a failure: its trace, and a smaller run that fails in the same way. */
async function explain(ground: Ground, options: Options, { seed, outcome, trace }: SeedResult): Promise<void> {
  if (!options.verbose) console.log(trace.join('\n'));
  console.log(`Replay it with: npm run chaos -- --seed ${seed} --seconds ${options.seconds}`);
  const smaller = await shrinkSeed(ground, seed, options.seconds, outcome);
  console.log(`It still fails with ${smaller.faults.length} faults and ${smaller.transactions.length} transactions:`);
  for (const fault of smaller.faults) console.log(`  ${JSON.stringify(fault)}`);
  for (const transaction of smaller.transactions.slice(0, 20))
    console.log(`  ${JSON.stringify(transaction).slice(0, 400)}`);
}

main().then(
  // A PostgreSQL that was killed may leave something behind that keeps the process busy.
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(describeError(error));
    process.exit(1);
  },
);
