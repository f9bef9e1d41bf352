import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterPass, afterWake, initialState, type PassResult, type SequencerState } from './step.ts';

const pass = (numbered: bigint, more = false, lastTenancy: string | null = null): PassResult => ({
  numbered,
  more,
  lastTenancy,
});
const nothing = pass(0n);

/** Runs passes, each at once after the one before, and returns the last decision. */
function run(passes: readonly PassResult[], state: SequencerState = initialState) {
  let decision = afterPass(state, passes[0] ?? nothing, 0);
  for (const next of passes.slice(1)) decision = afterPass(decision.state, next, 0);
  return decision;
}

test('with nothing to do it asks to be woken, and in the end looks once a second', () => {
  let state = initialState;
  let sleepMs = 0;
  for (let index = 0; index < 10; index++) {
    ({ state, sleepMs } = afterPass(state, nothing, index * 1_000));
    expect(state.askWake).toBe(true);
  }
  expect(sleepMs).toBe(1_000);
});

test('a backlog is worked off without a pause, in growing batches, and then they shrink again', () => {
  const full = pass(1_000n, true);
  const busy = run([full, full, full, full]);
  expect(busy).toMatchObject({ sleepMs: 0, state: { batchSize: 4_000 } });
  const done = afterPass(busy.state, nothing, 0);
  expect(done.sleepMs).toBeGreaterThan(0);
  expect(done.state.batchSize).toBe(1_000);
});

test('a walk over many tenancies comes back to the first without a pause', () => {
  const walking = run([pass(100n, true, 'tenancy 64')]);
  expect(walking).toMatchObject({ sleepMs: 0, state: { startAfter: 'tenancy 64' } });
  expect(afterPass(walking.state, pass(3n), 0)).toMatchObject({ sleepMs: 0, state: { startAfter: null } });
});

test('rows of many tenancies that others have locked do not make it spin', () => {
  const round = [pass(0n, true, 'tenancy 64'), pass(0n, true, 'tenancy 128'), nothing];
  const decision = run([...round, ...round]);
  expect(decision.sleepMs).toBeGreaterThan(0);
  expect(decision.state.startAfter).toBeNull();
});

test('what is found late in a round makes another round begin at once', () => {
  expect(run([pass(0n, true, 'tenancy 64'), pass(1n)])).toMatchObject({ sleepMs: 0, state: { startAfter: null } });
});

test('many wakes in a short time: it asks no more, and comes by at a pace', () => {
  let state = run([nothing, nothing]).state;
  const asked = [];
  for (let now = 0; now < 50; now += 2) {
    state = afterPass(afterWake(state), pass(1n), now).state;
    asked.push(state.askWake);
  }
  expect(asked.lastIndexOf(true)).toBeLessThan(asked.indexOf(false));
  expect(state.askWake).toBe(false);
});

test('whatever passes say, pauses are bounded, and a sequencer that finds nothing any more goes to sleep', () => {
  const anyPass = fc.record({
    numbered: fc.bigInt(0n, 5_000n),
    more: fc.boolean(),
    lastTenancy: fc.option(fc.uuid(), { nil: null }),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(anyPass, fc.nat(2_000)), { maxLength: 60 }), (steps) => {
      let state = initialState;
      let now = 0;
      for (const [result, elapsed] of steps) {
        now += elapsed;
        const decision = afterPass(state, result, now);
        expect(decision.sleepMs).toBeGreaterThanOrEqual(0);
        expect(decision.sleepMs).toBeLessThanOrEqual(1_000);
        expect(decision.state.batchSize).toBeGreaterThanOrEqual(1_000);
        expect(decision.state.batchSize).toBeLessThanOrEqual(4_000);
        state = decision.state;
      }
      for (let index = 0; index < 12; index++) state = afterPass(state, nothing, now).state;
      expect(state.askWake).toBe(true);
      expect(afterPass(state, nothing, now).sleepMs).toBe(1_000);
    }),
  );
});
