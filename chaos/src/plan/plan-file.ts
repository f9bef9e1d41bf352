import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Plan } from './plan.ts';

/** Keeps a plan that no seed makes, to be run again. Returns where. */
export async function writePlan(plan: Plan): Promise<string> {
  const path = join(tmpdir(), `hexclave-chaos-plan-${plan.seed}.json`);
  await writeFile(path, `${JSON.stringify(plan, null, 2)}\n`);
  return path;
}

/** What {@link writePlan} wrote. */
export async function readPlan(path: string): Promise<Plan> {
  const plan = JSON.parse(await readFile(path, 'utf8')) as Partial<Plan>;
  if (plan.transactions === undefined || plan.faults === undefined) throw new Error(`${path} has no plan of a run`);
  return plan as Plan;
}
