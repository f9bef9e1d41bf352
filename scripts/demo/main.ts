import { parseArgs } from 'node:util';
import { describeError } from '@hexclave/errors';
import { whenNpmEnds } from '@hexclave/server';
import { sampleLatency } from './latency.ts';
import { play } from './play.ts';
import { createProgress } from './progress.ts';
import { count, describeLatency, describeVerdict } from './report.ts';
import { type Stage, setStage } from './stage.ts';
import { agree, verify } from './verify.ts';
import { phases } from './workload.ts';

/**
 * `npm run demo [-- --users N]`: the whole job on databases that are thrown away. Exit code 0 only if, at the end, every
 * row of every copy equals its source.
 */
const DEFAULT_USERS = 1_000;
const CONVERGENCE_TIMEOUT_MS = 30_000;

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupted.abort());
whenNpmEnds(() => interrupted.abort());

const cleanUps: (() => Promise<unknown>)[] = [];
process.exitCode = 1;
try {
  const users = readUserCount();
  console.log('Setting up two databases and a server …');
  const stage = await setStage((step) => cleanUps.push(step), interrupted.signal);
  if (await perform(stage, users, interrupted.signal)) process.exitCode = 0;
} catch (error) {
  console.error(interrupted.signal.aborted ? '\nInterrupted; cleaning up …' : `\n${describeError(error)}`);
}
for (const step of cleanUps.reverse()) await step().catch((error: unknown) => console.error(describeError(error)));
process.exit();

function readUserCount(): number {
  const { values } = parseArgs({ options: { users: { type: 'string', default: String(DEFAULT_USERS) } } });
  const users = Number(values.users);
  if (Number.isInteger(users) && users >= 1 && users <= 1_000_000) return users;
  throw new Error('--users must be a whole number from 1 to 1000000');
}

/** Returns whether all rows agree. */
async function perform(stage: Stage, users: number, signal: AbortSignal): Promise<boolean> {
  const plan = phases(stage.api, users);
  console.log(`${count(users)} users live their lives through the HTTP API:`);
  const startedAt = performance.now();
  const played = new AbortController();
  const sampling = sampleLatency(stage, AbortSignal.any([played.signal, signal]));
  // If the play fails, that is what is reported.
  sampling.catch(() => undefined);
  const calls = await play(plan, createProgress(plan), signal).finally(() => played.abort());
  const samples = await sampling;
  const endedAt = performance.now();
  const verdicts = await verify(stage, CONVERGENCE_TIMEOUT_MS, signal);
  const seconds = (endedAt - startedAt) / 1_000;
  console.log(`\n${count(calls)} calls in ${seconds.toFixed(1)} s (${count(Math.round(calls / seconds))} a second).`);
  console.log(`Compared ${((performance.now() - endedAt) / 1_000).toFixed(1)} s later, row by row:\n`);
  console.log(`${describeVerdict(verdicts)}\n\n${describeLatency(samples)}\n`);
  console.log(agree(verdicts) ? 'Every row of the copy equals its source.' : 'The copy DIFFERS from its source.');
  return agree(verdicts);
}
