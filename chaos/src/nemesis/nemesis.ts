import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '@hexclave/errors';
import type { Stage } from '../stage/stage.ts';
import { FAULTS } from './catalogue.ts';
import type { PlannedFault, Strike, StrikeResult } from './fault.ts';

/** Carries out the faults of a plan, each at its time unless something it uses is still in use by another. */
export async function runNemesis(stage: Stage, faults: readonly PlannedFault[], startedAt: number): Promise<Strike[]> {
  const inUse = new Map<string, Promise<unknown>>();
  return Promise.all(
    faults.map((fault) => {
      const kind = FAULTS.find(({ name }) => name === fault.kind);
      if (kind === undefined) throw new Error(`There is no fault called ${fault.kind}`);
      const needed = kind.uses(fault);
      const before = needed.map((name) => inUse.get(name));
      const struck = (async (): Promise<Strike> => {
        await delay(Math.max(0, startedAt + fault.at - performance.now()));
        await Promise.all(before);
        stage.trace.note(`fault: ${fault.kind} (${fault.choice % 12}, ${fault.holdMs} ms)`);
        const from = Date.now();
        const strike = await kind.strike(stage, fault).catch(whatBroke);
        stage.trace.note(`fault over: ${fault.kind}, struck ${strike.struck} times`);
        return { kind: fault.kind, ...strike, from, to: Date.now() };
      })();
      for (const name of needed) inUse.set(name, struck);
      return struck;
    }),
  );
}

/** The others go on, and the run is judged as what it is: a long row of runs does not end with it. */
function whatBroke(error: unknown): StrikeResult {
  return { struck: 0, broke: describeError(error) };
}
