/** Where a sequencer is in its work. A value: the loop performs what {@link afterPass} decides. */
export type SequencerState = {
  readonly batchSize: number;
  /** The next pass begins with the tenancies after this one; `null`: with the first. */
  readonly startAfter: string | null;
  /** Passes in a row that found nothing. */
  readonly idlePasses: number;
};

/** What one pass of `backfill_null_sequence_ids` said. */
export type PassResult = { readonly numbered: bigint; readonly lastTenancy: string | null; readonly more: boolean };

/** `sleepMs` 0: go on at once. `asleep`: a wake ends the sleep early. */
export type Decision = { readonly state: SequencerState; readonly sleepMs: number };

const LEAST_BATCH = 1_000;
const MOST_BATCH = 4_000;

/**
 * Pauses after passes that found nothing. The first ones catch transactions that committed between the last pass and
 * falling asleep, when their writers still saw us awake; later ones catch what any lost wake left behind.
 */
const IDLE_PAUSES_MS = [2, 5, 15, 50, 100, 200, 500] as const;
const SLOWEST_POLL_MS = 1_000;

export const initialState: SequencerState = { batchSize: LEAST_BATCH, startAfter: null, idlePasses: 0 };

/** Decides what comes after a pass. Larger batches only while there is a long backlog: they delay everybody else. */
export function afterPass(state: SequencerState, pass: PassResult): Decision {
  if (pass.more || (state.startAfter !== null && pass.numbered > 0n)) {
    const batchSize = pass.more ? Math.min(MOST_BATCH, state.batchSize * 2) : LEAST_BATCH;
    return { state: { batchSize, startAfter: pass.lastTenancy, idlePasses: 0 }, sleepMs: 0 };
  }
  if (state.startAfter !== null) return { state: { ...state, startAfter: null }, sleepMs: 0 };
  const idlePasses = pass.numbered > 0n ? 0 : state.idlePasses + 1;
  const sleepMs = pass.numbered > 0n ? 0 : (IDLE_PAUSES_MS[idlePasses - 1] ?? SLOWEST_POLL_MS);
  return { state: { batchSize: LEAST_BATCH, startAfter: null, idlePasses }, sleepMs };
}

/** After a wake: the short pauses come first again. */
export function afterWake(state: SequencerState): SequencerState {
  return { ...state, idlePasses: 0 };
}
