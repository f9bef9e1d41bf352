import { describeError } from '@hexclave/errors';
import { checkMutants } from './mutants/check-mutants.ts';
import { MUTANTS } from './mutants/mutants.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { makePlan, type Plan } from './plan/plan.ts';
import { readPlan, writePlan } from './plan/plan-file.ts';
import { record } from './report/record.ts';
import type { Report } from './report/rows.ts';
import { describeShrunk } from './report/shrunk.ts';
import { renderTable, writeJson } from './report/table.ts';
import { addUp, neverStruck } from './report/totals.ts';
import { type Ground, runOnNewStage, type SeedResult, shrinkPlan } from './run-seed.ts';
import { type Clusters, startClusters } from './stage/clusters.ts';

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
    const ground = await groundOf(clusters, options);
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

async function groundOf(clusters: Clusters, { mutant: name }: Options): Promise<Ground> {
  if (name === null) return { clusters, script: await clusters.bundler.bundle('plain') };
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`--mutant takes one of: ${MUTANTS.map((one) => one.name).join(', ')}`);
  return { clusters, script: await clusters.bundler.bundle(name, mutant.rewrites), alterInternal: mutant.alter };
}

async function runSeeds(ground: Ground, options: Options, signal: AbortSignal): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  const until = options.minutes === null ? null : performance.now() + options.minutes * 60_000;
  const isOver = () => (until === null ? results.length >= options.seeds : performance.now() > until);
  for (let seed = options.seed; !isOver() && !signal.aborted; seed++) {
    const plan = options.plan === null ? makePlan(seed, options.seconds) : await readPlan(options.plan);
    console.log(`seed ${plan.seed}: ${plan.transactions.length} transactions, ${plan.faults.length} faults`);
    const result = await runOnNewStage(ground, plan, options.verbose ? console.log : undefined);
    results.push(result);
    if (result.outcome.violations.length > 0) await explain(ground, options, plan, result);
  }
  return results;
}

/** What a person needs to look into a failure: its trace, and a smaller run that fails in the same way. */
async function explain(ground: Ground, options: Options, plan: Plan, { outcome, trace }: SeedResult): Promise<void> {
  if (!options.verbose) console.log(trace.join('\n'));
  const mutant = options.mutant === null ? '' : ` --mutant '${options.mutant}'`;
  if (options.plan === null)
    console.log(`Replay it with: npm run chaos -- --seed ${plan.seed} --seconds ${options.seconds}${mutant}`);
  console.log('Looking for a smaller run that fails in the same way');
  const smaller = await shrinkPlan(ground, plan, outcome, console.log);
  console.log(describeShrunk(smaller));
  console.log(`Replay it with: npm run chaos -- --plan ${await writePlan(smaller.plan)}${mutant}`);
}

main().then(
  // A PostgreSQL that was killed may leave something behind that keeps the process busy.
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(describeError(error));
    process.exit(1);
  },
);
